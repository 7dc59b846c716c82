/**
 * From a data set to batches. Nothing here has state: a batch is a function of the run's key, epoch and index, and the augmented view of a
 * sample is a function of key, epoch and sample. So a run resumes at any step as if it had never stopped.
 */
import { fold, permutation, type Key } from "../tensor/key.ts";
import type { Shape } from "../tensor/tensor.ts";
import { augment, type Augmentation } from "./augment.ts";
import type { Dataset } from "./dataset.ts";
import { normalise, type Normalisation } from "./normalise.ts";

/** Normalised images and their classes, on the host. */
export interface HostBatch {
  readonly images: {
    /** [B, C, S, S] */
    readonly shape: Shape;
    /** Row-major. */
    readonly data: Float64Array;
  };
  /** Class numbers, B of them. */
  readonly labels: readonly number[];
}

/** Batches in memory, or batches that are still to be read. */
export type Batches = Iterable<HostBatch> | AsyncIterable<HostBatch>;

/**
 * The number of full batches in an epoch; an incomplete last batch is dropped.
 *
 * @throws RangeError if there is not one
 */
export function stepsPerEpoch({ name, count }: Dataset, batch: number): number {
  const steps = Math.floor(count / batch);
  if (!(steps > 0))
    throw new RangeError(`data: ${name} has ${count} images, too few for a batch of ${batch}; the largest batch is ${count}`);
  return steps;
}

/** The random order of `count` samples in an epoch. */
export const epochOrder = (key: Key, count: number, epoch: number): readonly number[] =>
  permutation(fold(fold(key, "order"), epoch), count);

/** The batch of these samples. `view` gives each image, [C, S, S], before normalisation. */
function assemble(
  { channels, side, label }: Dataset,
  samples: readonly number[],
  normalisation: Normalisation,
  view: (sample: number) => Float64Array,
): HostBatch {
  const length = channels * side ** 2;
  const data = new Float64Array(samples.length * length);
  for (const [i, sample] of samples.entries()) data.set(normalise(view(sample), normalisation), i * length);
  return { images: { shape: [samples.length, channels, side, side], data }, labels: samples.map(label) };
}

/** A training batch: every sample is augmented anew in each epoch. */
export function trainingBatch(
  dataset: Dataset,
  samples: readonly number[],
  settings: Augmentation & Normalisation,
  { key, epoch }: { readonly key: Key; readonly epoch: number },
): HostBatch {
  const own = fold(fold(key, "augment"), epoch);
  const view = (sample: number): Float64Array =>
    augment({ pixels: dataset.pixels(sample), side: dataset.side }, settings, fold(own, sample));
  return assemble(dataset, samples, settings, view);
}

/** The most images of a forward pass in an evaluation. */
export const EVALUATION_BATCH = 60;

/** The distinct batch sizes of an evaluation. */
export const evaluationSizes = (count: number, batch: number): readonly number[] =>
  [...new Set([Math.min(batch, count), count % batch])].filter((size) => size > 0);

/** All images in order, without augmentation; the last batch may be smaller. */
export function* evaluationBatches(dataset: Dataset, batch: number, normalisation: Normalisation): Generator<HostBatch, void> {
  for (let start = 0; start < dataset.count; start += batch) {
    const samples = Array.from({ length: Math.min(batch, dataset.count - start) }, (_, i) => start + i);
    yield assemble(dataset, samples, normalisation, dataset.pixels);
  }
}
