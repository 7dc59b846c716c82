/** From the order of image files to the order of tensors: all samples of a pixel together, then all of a channel. */
import { checkedPixels, type Pixels } from "./pixels.ts";

/**
 * Returns the image.
 *
 * @throws RangeError unless `out` has exactly its length
 */
export function checkedOut(image: Pixels, out: Uint8Array): Pixels {
  const { data } = checkedPixels(image);
  if (out.length !== data.length) throw new RangeError(`planes: out must be ${data.length} numbers, got ${out.length}`);
  return image;
}

/**
 * Writes the image's channels one after the other into `out`, [H, W, C] → [C, H, W].
 *
 * @throws RangeError unless `out` has exactly the image's length
 */
export function planes(image: Pixels, out: Uint8Array): void {
  const { data, width, height, channels } = checkedOut(image, out);
  const area = width * height;
  for (let at = 0; at < area; at++) for (let c = 0; c < channels; c++) out[c * area + at] = data[at * channels + c] ?? 0;
}
