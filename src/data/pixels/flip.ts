/** Mirrors images left to right. */
import { checkedPixels, type Pixels } from "./pixels.ts";

/** The mirrored image: its column x is column W − 1 − x. [H, W, C] → [H, W, C]. */
export function flip(image: Pixels): Pixels {
  const { data, width, height, channels } = checkedPixels(image);
  const out = new Uint8Array(data.length);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const from = (y * width + width - 1 - x) * channels;
      out.set(data.subarray(from, from + channels), (y * width + x) * channels);
    }
  return { ...image, data: out };
}
