/** Makes one image of a batch: reads and decodes it, augments or preprocesses it, and writes it into its slot. This is all that a worker does. */
import { keyOf, type Key } from "../../tensor/key.ts";
import { erasingNoise } from "../augment/erasing.ts";
import type { AugmentSettings } from "../augment/settings.ts";
import { applyView, drawView, partOf, viewKey, withinPart } from "../augment/view.ts";
import { ImageError } from "../images/imageError.ts";
import type { ImageFile } from "../images/imageFile.ts";
import { preprocess, type Convention } from "../images/preprocess.ts";
import type { PixelKernels } from "../pixels/kernels.ts";
import type { Pixels } from "../pixels/pixels.ts";
import type { Dataset } from "../sources/dataset.ts";
import { replacementOf } from "../sources/replace.ts";
import type { Rectangle } from "../augment/draw.ts";
import type { View } from "./sampler.ts";
import { imageLength, viewAt, epochOf, writeErased, type Slot, type SlotSize } from "./slot.ts";

/** How an image becomes the view that a network sees. Plain data, which can be sent to a worker. */
export type ViewJob =
  | {
      /** Drawn anew in every epoch (deit.md 7.6). */
      readonly kind: "augment";
      /** Of what is trained. A draw follows from it, the epoch, the sample and the copy. */
      readonly key: Key;
      /** What is drawn. */
      readonly settings: AugmentSettings;
    }
  | {
      /** Without a draw (deit.md 7.12). */
      readonly kind: "preprocess";
      /** How it is resized and cropped. */
      readonly convention: Convention;
    };

/** What to do about an image that cannot be decoded. */
export type OnCorrupt = (sample: number, error: ImageError) => void;

/** What images are made with. */
export interface Maker {
  readonly dataset: Dataset;
  readonly job: ViewJob;
  readonly size: SlotSize;
  readonly kernels: PixelKernels;
  /** Called for each image that is replaced, at each attempt; it may throw. */
  readonly onCorrupt: OnCorrupt;
}

/** The seed of replacements, which are the same in every run. */
const REPLACEMENTS: Key = keyOf(0);

/**
 * What `make` makes of an image, or of the one that replaces it if it cannot be decoded; `used` is the one of them that was used.
 *
 * @throws what `onCorrupt` throws; RangeError if the set has no other image
 */
async function made<T>(
  { dataset, onCorrupt }: Maker,
  sample: number,
  make: (file: ImageFile) => Promise<T>,
): Promise<{ readonly made: T; readonly used: number }> {
  for (let [used, attempt] = [sample, 0]; ; attempt++) {
    try {
      return { made: await make(await dataset.open(used)), used };
    } catch (error) {
      if (!(error instanceof ImageError)) throw error;
      onCorrupt(used, error);
      used = replacementOf(REPLACEMENTS, sample, attempt, dataset.count);
    }
  }
}

/** The noise of a view's erased rectangle, [C, h, w]. */
export const noiseOf = (key: Key, epoch: number, { sample, copy }: View, rectangle: Rectangle, channels: number): Float32Array =>
  erasingNoise(viewKey(key, epoch, sample, copy), rectangle, channels);

/** The view of an image that is evaluated, [S, S, C] (deit.md 7.12). If all images of the set are S×S they stay as they are. */
export const evaluationView = ({ side }: Dataset, image: Pixels, S: number, convention: Convention, kernels: PixelKernels): Pixels =>
  side === S ? image : preprocess(image, S, convention, kernels);

/** A view of an image: S×S pixels, and what is erased of them. */
interface MadeView {
  readonly pixels: Pixels;
  readonly erasing: Rectangle | null;
}

/** The view of an image that is drawn with this key. Only the part of the image that it shows is decoded. */
async function augmented(file: ImageFile, key: Key, { kernels, size: { side: S } }: Maker, settings: AugmentSettings): Promise<MadeView> {
  const draw = drawView(key, file, S, settings);
  const part = partOf(draw, file);
  const pixels = applyView(kernels, await file.decode(part), withinPart(draw, part), S);
  return { pixels, erasing: draw.erasing };
}

/**
 * Makes the image at place i of a slot: its pixels, its label, and what is erased of it.
 *
 * @throws what `onCorrupt` throws; RangeError for an image that is corrupt and cannot be replaced, or too small for a padded crop
 */
export async function fillImage(maker: Maker, slot: Slot, i: number): Promise<void> {
  const { dataset, job, size, kernels } = maker;
  const view = viewAt(slot, i);
  const epoch = epochOf(slot);
  const { made: result, used } = await made(maker, view.sample, async (file): Promise<MadeView> => {
    if (job.kind === "augment") return augmented(file, viewKey(job.key, epoch, view.sample, view.copy), maker, job.settings);
    return { pixels: evaluationView(dataset, await file.decode(), size.side, job.convention, kernels), erasing: null };
  });
  slot.labels[i] = dataset.label(used);
  kernels.planes(result.pixels, slot.pixels.subarray(i * imageLength(size), (i + 1) * imageLength(size)));
  writeErased(slot, i, result.erasing, size.channels, (rectangle) =>
    job.kind === "augment" ? noiseOf(job.key, epoch, view, rectangle, size.channels) : new Float32Array(),
  );
}
