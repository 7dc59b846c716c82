/** A subset of a data set. */
import type { Dataset } from "./dataset.ts";

/** At most `most` indices of 0 … count − 1, evenly spaced, since sets are often sorted by class. */
export const spread = (count: number, most: number): readonly number[] =>
  Array.from({ length: Math.min(count, most) }, (_, i) => Math.floor((i * count) / Math.min(count, most)));

/** The images with these indices, in this order. */
export const subset = (dataset: Dataset, samples: readonly number[]): Dataset => ({
  ...dataset,
  count: samples.length,
  pixels: (i) => dataset.pixels(samples[i] ?? 0),
  label: (i) => dataset.label(samples[i] ?? 0),
});
