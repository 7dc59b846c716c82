/** A batch of images on the host, as the loader makes it and an engine takes it. */
import type { Shape } from "../../tensor/tensor.ts";
import type { Rectangle } from "../augment/draw.ts";
import type { Normalisation, NormalisedImages } from "../normalise.ts";

/** A rectangle of one image of a batch, in pixels, and the noise that replaces it after normalisation (deit.md 7.10). */
export interface Erased extends Rectangle {
  /** Which image of the batch, from 0. */
  readonly image: number;
  /** [C, h, w], row-major. */
  readonly noise: Float32Array;
}

/** The largest value of a byte, which stands for full intensity. */
export const FULL_SCALE = 255;

/** Images with their classes. The memory belongs to the loader: it is valid until the next batch is asked for. */
export interface HostBatch {
  /** [B, C, S, S] */
  readonly shape: Shape;
  /** Row-major, B·C·S·S numbers from 0 to 255. The loader gives bytes. */
  readonly pixels: ArrayLike<number>;
  /** Class numbers, B of them. */
  readonly labels: readonly number[];
  /** What is erased; at most one rectangle an image. */
  readonly erased: readonly Erased[];
  /** Mean and standard deviation that the pixels are yet to be normalised by. */
  readonly normalisation: Normalisation;
}

/** A batch of images that are normalised already: mean 0 and standard deviation 1/255 leave them as they are, since (v/255 − 0)/(1/255) = v. */
export function normalisedBatch({ shape, data }: NormalisedImages, labels: readonly number[]): HostBatch {
  const each = (value: number): readonly number[] => Array.from({ length: shape[1] ?? 0 }, () => value);
  return { shape, pixels: data, labels, erased: [], normalisation: { mean: each(0), std: each(1 / FULL_SCALE) } };
}

/** Batches in memory, or batches that are still to be made. */
export type Batches = Iterable<HostBatch> | AsyncIterable<HostBatch>;
