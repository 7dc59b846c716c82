/**
 * The luma of an RGB image as Pillow's `convert("L")` computes it (deit.md 7.8; ITU-R BT.601 in units of 2⁻¹⁶).
 *
 *   L = (19595 R + 38470 G + 7471 B + 2¹⁵) / 2¹⁶, rounded down
 */
import { checkedPixels, type Pixels } from "./pixels.ts";

const [RED, GREEN, BLUE] = [19595, 38470, 7471];
const BITS = 16;
const RGB = 3;

/**
 * Returns the image.
 *
 * @throws RangeError unless it has three channels
 */
export function checkedRgb(image: Pixels): Pixels {
  if (image.channels !== RGB) throw new RangeError(`grey: the image must have ${RGB} channels, got ${image.channels}`);
  return checkedPixels(image);
}

/**
 * The luma in each of three channels, [H, W, 3] → [H, W, 3].
 *
 * @throws RangeError unless the image has three channels
 */
export function grey(image: Pixels): Pixels {
  const { data } = checkedRgb(image);
  const out = new Uint8Array(data.length);
  for (let at = 0; at < data.length; at += RGB) {
    const [red = 0, green = 0, blue = 0] = data.subarray(at, at + RGB);
    out.fill((RED * red + GREEN * green + BLUE * blue + 2 ** (BITS - 1)) >> BITS, at, at + RGB);
  }
  return { ...image, data: out };
}
