/** Some images of a data set as a data set of their own. */
import type { Dataset } from "./dataset.ts";

/** 0 … count − 1, or so many of them at equal distances: sets are often sorted by class. */
export const spread = (count: number, most: number): readonly number[] =>
  Array.from({ length: Math.min(count, most) }, (_, i) => Math.floor((i * count) / Math.min(count, most)));

/** The images at these places, in this order. */
export const subset = (dataset: Dataset, samples: readonly number[]): Dataset => ({
  ...dataset,
  count: samples.length,
  pixels: (i) => dataset.pixels(samples[i] ?? 0),
  label: (i) => dataset.label(samples[i] ?? 0),
});
