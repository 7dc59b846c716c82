/** Replaces every value by what a table says, Pillow's `Image.point` (deit.md 7.8). */
import { checkedPixels, type Pixels } from "./pixels.ts";

/** Values of a byte, hence entries of a table. */
const VALUES = 256;

/**
 * Returns the image.
 *
 * @throws RangeError unless there is a table a channel
 */
export function checkedTables(image: Pixels, tables: Uint8Array): Pixels {
  const { channels } = image;
  if (tables.length !== VALUES * channels)
    throw new RangeError(`lookUp: the tables of ${channels} channels must be ${VALUES * channels} numbers, got ${tables.length}`);
  return checkedPixels(image);
}

/**
 * The image with value v of channel c replaced by tables[256c + v], [H, W, C] → [H, W, C].
 *
 * @throws RangeError unless there is a table a channel
 */
export function lookUp(image: Pixels, tables: Uint8Array): Pixels {
  const { data, channels } = checkedTables(image, tables);
  return { ...image, data: data.map((value, i) => tables[(i % channels) * VALUES + value] ?? 0) };
}
