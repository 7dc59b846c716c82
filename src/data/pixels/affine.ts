/**
 * Pillow's affine transform with its bicubic filter, identical to the byte (deit.md 7.8).
 *
 *   position    (u, v) = (a (x + ½) + b (y + ½) + c,  d (x + ½) + e (y + ½) + f)       of the output pixel in column x and row y, in f64
 *   outside     the fill colour, unless 0 ≤ u < W and 0 ≤ v < H
 *   inside      16 pixels from column ⌊u − ½⌋ − 1 and row ⌊v − ½⌋ − 1, those beyond the border replaced by the nearest in the image;
 *               the cubic through 4 values along each row, then through the 4 results, clipped to 0 … 255 and truncated
 *
 *   cubic(t)    p₁ + t (p₂ + t (p₃ + t p₄))                                            Keys' kernel with a = −1, t from p₁'s pixel
 *     p₁ = v₁    p₂ = v₂ − v₀    p₃ = 2 (v₀ − v₁) + v₂ − v₃    p₄ = v₁ − v₀ − v₂ + v₃
 *
 * The last bit of a sum may decide a byte, so sums and products are taken in Pillow's order.
 */
import type { AffineMatrix } from "./kernels.ts";
import { checkedPixels, type Pixels } from "./pixels.ts";

/** Pixels that the cubic runs through, along each axis. */
const TAPS = 4;
const FULL = 255;

function cubic(v0: number, v1: number, v2: number, v3: number, t: number): number {
  const p2 = -v0 + v2;
  const p3 = 2 * (v0 - v1) + v2 - v3;
  const p4 = -v0 + v1 - v2 + v3;
  return v1 + t * (p2 + t * (p3 + t * p4));
}

/** The image at (u, v), which lies inside it, in its channel c; not yet a byte. */
function interpolated({ data, width, height, channels }: Pixels, u: number, v: number, c: number): number {
  const [column, row] = [Math.floor(u - 0.5), Math.floor(v - 0.5)];
  const [right, down] = [u - 0.5 - column, v - 0.5 - row];
  const at = (i: number, j: number): number => {
    const x = Math.min(Math.max(column - 1 + i, 0), width - 1);
    const y = Math.min(Math.max(row - 1 + j, 0), height - 1);
    return data[(y * width + x) * channels + c] ?? 0;
  };
  const along = (j: number): number => cubic(at(0, j), at(1, j), at(2, j), at(TAPS - 1, j), right);
  return cubic(along(0), along(1), along(2), along(TAPS - 1), down);
}

/** The transformed image, [H, W, C] → [H, W, C]. `fill` has one value a channel. */
export function affine(image: Pixels, [a, b, c, d, e, f]: AffineMatrix, fill: readonly number[]): Pixels {
  const { width, height, channels } = checkedPixels(image);
  const out = new Uint8Array(height * width * channels);
  for (let y = 0, at = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const u = a * (x + 0.5) + b * (y + 0.5) + c;
      const v = d * (x + 0.5) + e * (y + 0.5) + f;
      const inside = u >= 0 && u < width && v >= 0 && v < height;
      for (let channel = 0; channel < channels; channel++, at++)
        out[at] = inside ? Math.min(Math.max(interpolated(image, u, v, channel), 0), FULL) : (fill[channel] ?? 0);
    }
  return { data: out, width, height, channels };
}
