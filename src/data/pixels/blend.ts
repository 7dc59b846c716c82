/**
 * Pillow's blend of two images, identical to the byte (deit.md 7.8).
 *
 *   a + f (b − a)      in f32, each operation rounded; then clipped to 0 … 255 and truncated
 *
 * f from 0 to 1 is a mean of the two; f > 1 goes beyond b, away from a.
 */
import { checkedPixels, type Pixels } from "./pixels.ts";

const FULL = 255;

/**
 * Returns the images.
 *
 * @throws RangeError if they differ in size
 */
export function checkedPair(a: Pixels, b: Pixels): readonly [Pixels, Pixels] {
  const { width, height, channels } = a;
  if (b.width !== width || b.height !== height || b.channels !== channels)
    throw new RangeError(`blend: the second image must be ${width}×${height}×${channels}, got ${b.width}×${b.height}×${b.channels}`);
  return [checkedPixels(a), checkedPixels(b)];
}

/**
 * The blended image, [H, W, C] of each → [H, W, C].
 *
 * @throws RangeError if the images differ in size
 */
export function blend(a: Pixels, b: Pixels, factor: number): Pixels {
  const [{ data: from, width, height, channels }, { data: to }] = checkedPair(a, b);
  const { fround } = Math;
  const f = fround(factor);
  const out = from.map((start, i) => {
    const value = fround(start + fround(f * ((to[i] ?? 0) - start)));
    return Math.min(Math.max(value, 0), FULL);
  });
  return { data: out, width, height, channels };
}
