/**
 * Pillow's smoothing filter `ImageFilter.SMOOTH`, identical to the byte (deit.md 7.8).
 *
 *            1 1 1
 *   weights  1 5 1  / 13          ⌊sum + ½⌋, in each channel; the pixels of the border are copied
 *            1 1 1
 *
 * Pillow sums in f32. A sum of thirteenths is at least 1/26 away from a tie, so integers give the same bytes.
 */
import { checkedPixels, type Pixels } from "./pixels.ts";

/** The sum of the weights. */
const TOTAL = 13;
/** By how much the centre's weight exceeds its neighbours'. */
const CENTRE = 4;

/** The smoothed image, [H, W, C] → [H, W, C]. */
export function smooth(image: Pixels): Pixels {
  const { data, width, height, channels } = checkedPixels(image);
  const row = width * channels;
  const out = data.slice();
  for (let y = 1; y < height - 1; y++)
    for (let x = channels; x < row - channels; x++) {
      const at = y * row + x;
      let sum = CENTRE * (data[at] ?? 0);
      for (const line of [at - row, at, at + row]) for (const pixel of [line - channels, line, line + channels]) sum += data[pixel] ?? 0;
      out[at] = Math.floor((2 * sum + TOTAL) / (2 * TOTAL));
    }
  return { ...image, data: out };
}
