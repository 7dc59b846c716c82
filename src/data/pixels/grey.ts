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
 * The luma, [H, W, 3] → [H, W, 1].
 *
 * @throws RangeError unless the image has three channels
 */
export function luma(image: Pixels): Pixels {
  const { data } = checkedRgb(image);
  const out = new Uint8Array(data.length / RGB);
  for (let i = 0, at = 0; i < out.length; i++, at += RGB) {
    const weighted = RED * (data[at] ?? 0) + GREEN * (data[at + 1] ?? 0) + BLUE * (data[at + 2] ?? 0);
    out[i] = (weighted + 2 ** (BITS - 1)) >> BITS;
  }
  return { ...image, data: out, channels: 1 };
}

/**
 * The single channel of a grey image, three times, [H, W, 1] → [H, W, 3].
 *
 * @throws RangeError unless the image has one channel
 */
export function greyInRgb(image: Pixels): Pixels {
  if (image.channels !== 1) throw new RangeError(`grey: the image must have 1 channel, got ${image.channels}`);
  const { data } = checkedPixels(image);
  const out = new Uint8Array(RGB * data.length);
  for (let i = 0; i < data.length; i++) out.fill(data[i] ?? 0, RGB * i, RGB * (i + 1));
  return { ...image, data: out, channels: RGB };
}

/**
 * The luma in each of three channels, [H, W, 3] → [H, W, 3].
 *
 * @throws RangeError unless the image has three channels
 */
export const grey = (image: Pixels): Pixels => greyInRgb(luma(image));
