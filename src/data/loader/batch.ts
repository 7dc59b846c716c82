/** A batch of images on the host, as the loader makes it and an engine takes it. */
import type { Shape } from "../../tensor/tensor.ts";
import type { Rectangle } from "../augment/draw.ts";
import type { Normalisation, NormalisedImages } from "../normalise.ts";

/** A rectangle of one image of a batch, and the noise that replaces it after normalisation (deit.md 7.10). */
export interface Erased extends Rectangle {
  /** Which image of the batch, from 0. */
  readonly image: number;
  /** [C, h, w], row-major. */
  readonly noise: Float32Array;
}

/** Full scale of a byte. */
export const FULL_SCALE = 255;

/** Images with their classes. The memory belongs to the loader: it is valid until the next batch is asked for. */
export interface HostBatch {
  /** [B, C, S, S] */
  readonly shape: Shape;
  /** Row-major; full scale is 255. The loader gives bytes. */
  readonly pixels: ArrayLike<number>;
  /** Class numbers, B of them. */
  readonly labels: readonly number[];
  /** What is erased; at most one rectangle an image. */
  readonly erased: readonly Erased[];
  /** What the network expects the pixels to be normalised by. */
  readonly normalisation: Normalisation;
}

/** Images that are normalised already as a batch: its statistics leave them as they are. */
export function normalisedBatch({ shape, data }: NormalisedImages, labels: readonly number[]): HostBatch {
  const each = (value: number): readonly number[] => Array.from({ length: shape[1] ?? 0 }, () => value);
  return { shape, pixels: data, labels, erased: [], normalisation: { mean: each(0), std: each(1 / FULL_SCALE) } };
}

/** Batches in memory, or batches that are still to be made. */
export type Batches = Iterable<HostBatch> | AsyncIterable<HostBatch>;
