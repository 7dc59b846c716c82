/** Images as the files that commands write. */
import { normalisedTensor } from "../data/images/preprocess.ts";
import type { Normalisation } from "../data/normalise.ts";
import type { Pixels } from "../data/pixels/pixels.ts";
import { writeNpz } from "../io/numpy/npz.ts";
import { pngOfRgb } from "../io/png.ts";

/** An npz file with `pixels` (U8 [H, W, C]) and `tensor` (F32 [C, H, W], normalised). */
export function npzOf(pixels: Pixels, normalisation: Normalisation): Uint8Array {
  const { data, width, height, channels } = pixels;
  return writeNpz(
    new Map([
      ["pixels", { dtype: "U8", shape: [height, width, channels], data }],
      ["tensor", { dtype: "F32", shape: [channels, height, width], data: normalisedTensor(pixels, normalisation) }],
    ]),
  );
}

const RGB = 3;

/** The image with three channels; one of a single channel has it repeated. */
export function inColour(pixels: Pixels): Pixels {
  if (pixels.channels !== 1) return pixels;
  const data = new Uint8Array(RGB * pixels.data.length);
  for (const [i, value] of pixels.data.entries()) data.fill(value, RGB * i, RGB * (i + 1));
  return { ...pixels, data, channels: RGB };
}

/** A PNG file of an image with one or three channels. */
export function pngFile(pixels: Pixels): Uint8Array {
  const { data, width, height } = inColour(pixels);
  return pngOfRgb(data, width, height);
}
