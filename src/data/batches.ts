/**
 * From a data set to batches. Nothing here remembers: a batch is a function of the run's key and its place (epoch, index), and a sample's
 * view of (key, epoch, sample), so that a run goes on from any step as if it had never stopped.
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

/** At hand, or still to be opened. */
export type Batches = Iterable<HostBatch> | AsyncIterable<HostBatch>;

/**
 * Full batches of one pass; the last incomplete one is dropped.
 *
 * @throws RangeError if there is none
 */
export function stepsPerEpoch({ name, count }: Dataset, batch: number): number {
  const steps = Math.floor(count / batch);
  if (!(steps > 0))
    throw new RangeError(`data: ${name} has ${count} images, which is no full batch of ${batch}; ${count} would be the most`);
  return steps;
}

/** The order in which an epoch goes through `count` samples. */
export const epochOrder = (key: Key, count: number, epoch: number): readonly number[] =>
  permutation(fold(fold(key, "order"), epoch), count);

/** The batch of these samples, each image as `view` gives it: [C, S, S] before normalisation. */
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

/** Images of a forward pass where nothing is learned, at most. */
export const EVALUATION_BATCH = 60;

/** How many images the batches of an evaluation have, each number once. */
export const evaluationSizes = (count: number, batch: number): readonly number[] =>
  [...new Set([Math.min(batch, count), count % batch])].filter((size) => size > 0);

/** All images as they are, in order; the last batch may be smaller. */
export function* evaluationBatches(dataset: Dataset, batch: number, normalisation: Normalisation): Generator<HostBatch, void> {
  for (let start = 0; start < dataset.count; start += batch) {
    const samples = Array.from({ length: Math.min(batch, dataset.count - start) }, (_, i) => start + i);
    yield assemble(dataset, samples, normalisation, dataset.pixels);
  }
}
