/** Batches of digits on the host: augmented for a training, or as they are for an evaluation. All of it follows from key and step. */
import type { HostArray } from "#deit/check/host.js";
import { normalisedTensor } from "#deit/data/images/preprocess.js";
import type { AugmentSettings } from "#deit/data/augment/settings.js";
import { applyView, drawView, viewKey } from "#deit/data/augment/view.js";
import type { HostBatch } from "#deit/data/loader/batch.js";
import { trainingOrder } from "#deit/data/loader/sampler.js";
import type { Pixels } from "#deit/data/pixels/pixels.js";
import { simdKernels } from "#deit/data/pixels/simd.js";
import { digitsOf, type DigitsSplit } from "#deit/data/sources/digitsOf.js";
import type { Key, Normalisation } from "#deit/index.js";

/** Digits in memory. */
export interface Digits {
  readonly name: string;
  readonly count: number;
  readonly side: number;
  readonly label: (i: number) => number;
  readonly image: (i: number) => Pixels;
}

/** A split of the file of digits, enlarged to `side` pixels. */
export function digits(file: Uint8Array, split: DigitsSplit, side: number): Digits {
  const { name, count, label, image } = digitsOf(file, split, side, "");
  const pixels = (i: number): Pixels => {
    const found = image(i);
    if (found instanceof Promise) throw new Error(`${name}: image ${i} is not in memory`);
    return found;
  };
  return { name, count, side, label, image: pixels };
}

const kernels = simdKernels();

/** Images of one size as a batch. */
export function hostBatch(images: readonly Pixels[], labels: readonly number[], { mean, std }: Normalisation): HostBatch {
  const [{ width, height, channels } = { width: 0, height: 0, channels: 1 }] = images;
  const each = width * height * channels;
  const pixels = new Uint8Array(images.length * each);
  for (const [i, image] of images.entries()) kernels.planes(image, pixels.subarray(i * each, (i + 1) * each));
  return { shape: [images.length, channels, height, width], pixels, labels, erased: [], normalisation: { mean, std } };
}

/** The batches of a training by step. */
export interface TrainingBatches {
  readonly stepsPerEpoch: number;
  readonly at: (step: number) => HostBatch;
}

/** The batches of a training. `key` is that of what is trained; erasing is not among the digits' augmentations. */
export function trainingBatches(set: Digits, key: Key, data: AugmentSettings & Normalisation, batch: number): TrainingBatches {
  const order = trainingOrder(key, set, { batch, repeats: 1, replicas: 1 });
  return {
    stepsPerEpoch: order.stepsPerEpoch,
    at: (step) => {
      const { epoch, views } = order.request(step);
      const images = views.map(({ sample, copy }) => {
        const image = set.image(sample);
        return applyView(kernels, image, drawView(viewKey(key, epoch, sample, copy), image, set.side, data), set.side);
      });
      return hostBatch(images, views.map(({ sample }) => set.label(sample)), data); // prettier-ignore
    },
  };
}

/** The first `most` images as they are, in one batch. */
export function wholeSet(set: Digits, normalisation: Normalisation, most: number = set.count): HostBatch {
  const indices = Array.from({ length: Math.min(most, set.count) }, (_, i) => i);
  return hostBatch(indices.map(set.image), indices.map(set.label), normalisation);
}

/** The first images, normalised, [n, C, S, S], and their labels. */
export function sampleImages(
  set: Digits,
  normalisation: Normalisation,
  n: number,
): { readonly images: HostArray; readonly labels: readonly number[] } {
  const indices = Array.from({ length: n }, (_, i) => i);
  const data = Float64Array.from(indices.flatMap((i) => [...normalisedTensor(set.image(i), normalisation)]));
  return { images: { shape: [n, 1, set.side, set.side], data }, labels: indices.map(set.label) };
}
