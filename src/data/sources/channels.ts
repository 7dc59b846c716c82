/**
 * The images of a set with as many channels as a model takes, so that a network trained on colours can learn grey images and the other way round
 * (transfer, deit.md 7.14).
 *
 *   1 → 3   the channel is repeated, as Pillow's `convert("RGB")` repeats it
 *   3 → 1   the luma (deit.md 7.8), as Pillow's `convert("L")` computes it
 */
import { digestOf } from "../../io/disk/digest.ts";
import { greyInRgb, luma } from "../pixels/grey.ts";
import type { Pixels } from "../pixels/pixels.ts";
import type { Dataset } from "./dataset.ts";

const RGB = 3;

/** Converts an image. */
type Convert = (image: Pixels) => Pixels;

/** How images of `from` channels become images of `to`; null: they cannot. */
function conversion(from: number, to: number): Convert | null {
  if (from === to) return (image) => image;
  if (from === 1 && to === RGB) return greyInRgb;
  if (from === RGB && to === 1) return luma;
  return null;
}

/** Whether images of `from` channels can be given to a model of `to` channels. */
export const canConvert = (from: number, to: number): boolean => conversion(from, to) !== null;

function conversionOf(from: number, to: number, what: string): Convert {
  const convert = conversion(from, to);
  if (convert !== null) return convert;
  const right = from === 1 || from === RGB ? `1 or ${RGB}` : `${from}`;
  throw new RangeError(`${what} has images of ${from} channels, the model takes ${to}; a model of ${right} channels would be right`);
}

/**
 * The image with `channels` channels.
 *
 * @param what names the image in an error
 * @throws RangeError if there is no conversion
 */
export const imageWith = (image: Pixels, channels: number, what: string): Pixels => conversionOf(image.channels, channels, what)(image);

/**
 * The set with images of `channels` channels. Parts of images are converted after they are decoded, pixel by pixel.
 *
 * @throws RangeError if there is no conversion
 */
export function withChannels(dataset: Dataset, channels: number): Dataset {
  if (dataset.channels === channels) return dataset;
  const convert = conversionOf(dataset.channels, channels, `data: ${dataset.name}`);
  return {
    ...dataset,
    channels,
    image: (i) => {
      const image = dataset.image(i);
      return image instanceof Promise ? image.then(convert) : convert(image);
    },
    open: async (i) => {
      const { decode, ...size } = await dataset.open(i);
      return { ...size, decode: async (part) => convert(await decode(part)) };
    },
    handle: { kind: "channels", channels, of: dataset.handle },
    digest: digestOf(`channels ${channels} ${dataset.digest}`),
  };
}
