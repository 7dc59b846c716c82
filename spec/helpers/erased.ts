/** Erasing in plain loops, as a test's oracle: training does it on an engine. */
import type { Rectangle } from "../../src/data/augment/draw.ts";
import type { Normalisation } from "../../src/data/normalise.ts";

/** ImageNet's mean and standard deviation (deit.md 7.6). */
export const IMAGENET_STATISTICS: Normalisation = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };

/** A tensor [3, H, W]. */
export interface Planes {
  readonly data: Float32Array;
  readonly height: number;
  readonly width: number;
}

const CHANNELS = 3;

/** The tensor with noise [3, h, w] in the rectangle; null: nothing is erased. */
export function erased({ data, height, width }: Planes, noise: (Rectangle & { readonly data: Float32Array }) | null): Float32Array {
  const out = data.slice();
  if (noise === null) return out;
  const { top, left, h, w } = noise;
  for (let c = 0; c < CHANNELS; c++)
    for (let y = 0; y < h; y++)
      for (let x = 0; x < w; x++) out[(c * height + top + y) * width + left + x] = noise.data[(c * h + y) * w + x] ?? NaN;
  return out;
}

/** Whether two arrays are equal, zeros of both signs included. */
export const sameNumbers = (a: Float32Array, b: Float32Array): boolean =>
  a.length === b.length && a.every((value, i) => Object.is(value, b[i]));
