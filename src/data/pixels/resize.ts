/**
 * Pillow's bicubic resize of 8-bit images, identical to the byte (deit.md 7.12; Pillow 9.5 to 12.3): first along the rows, then along the
 * columns, rounded to bytes in between; very tall images are resized along the columns first. Only what a region of the result needs is
 * computed, so that the crop of an enormous enlargement costs no more than any other.
 */
import { bicubicTaps, PRECISION, type Taps } from "./bicubic.ts";
import { checkedPixels, type Pixels, type Region, type Size } from "./pixels.ts";

/** Height divided by width, above which an image counts as very tall. */
const VERY_TALL = 100;
const HALF = 2 ** (PRECISION - 1);

const byteOf = (sum: number): number => {
  const value = sum >> PRECISION;
  return value < 0 ? 0 : value > 255 ? 255 : value;
};

/** A weighted sum of every `step`-th byte. */
function weighted(data: Uint8Array, at: number, step: number, weights: Int32Array, begin: number, count: number): number {
  let sum = HALF;
  for (let t = 0, from = at; t < count; t++, from += step) sum += (weights[begin + t] ?? 0) * (data[from] ?? 0);
  return byteOf(sum);
}

/** Resizes rows `top` … `top + height − 1` along themselves. */
function alongRows({ data, width, channels }: Pixels, taps: Taps, top: number, height: number): Pixels {
  const { first, count, weights, stride } = taps;
  const across = first.length;
  const out = new Uint8Array(height * across * channels);
  for (let row = 0, at = 0; row < height; row++) {
    const start = (top + row) * width;
    for (let x = 0; x < across; x++)
      for (let c = 0; c < channels; c++, at++)
        out[at] = weighted(data, (start + (first[x] ?? 0)) * channels + c, channels, weights, x * stride, count[x] ?? 0);
  }
  return { data: out, width: across, height, channels };
}

/** Resizes along the columns. Row 0 of the image is row `top` of what the taps count from. */
function alongColumns({ data, width, channels }: Pixels, { first, count, weights, stride }: Taps, top: number): Pixels {
  const [row, down] = [width * channels, first.length];
  const out = new Uint8Array(down * row);
  for (let y = 0, at = 0; y < down; y++) {
    const start = ((first[y] ?? 0) - top) * row;
    for (let x = 0; x < row; x++, at++) out[at] = weighted(data, start + x, row, weights, y * stride, count[y] ?? 0);
  }
  return { data: out, width, height: down, channels };
}

/** Whether Pillow's `Image.resize` resizes along the columns first: the image is over 100 times as tall as wide, and becomes less tall. */
const isColumnsFirst = (from: Size, to: Size): boolean => from.height > VERY_TALL * from.width && to.height < from.height;

/**
 * A region of the image resized to `size`, [height, width, C] → [region.height, region.width, C].
 *
 * @throws RangeError for a region that is not inside the resized image
 */
export function resizeRegion(image: Pixels, size: Size, region: Region): Pixels {
  const { left, top, width, height } = region;
  if (left < 0 || top < 0 || left + width > size.width || top + height > size.height)
    throw new RangeError(`resize: ${width}×${height} at (${left}, ${top}) is not inside the resized image of ${size.width}×${size.height}`);
  const source = checkedPixels(image);
  const across = bicubicTaps(source.width, size.width, left, width);
  const down = bicubicTaps(source.height, size.height, top, height);
  if (isColumnsFirst(source, size)) return alongRows(alongColumns(source, down, 0), across, 0, height);

  const first = down.first[0] ?? 0;
  const end = (down.first[height - 1] ?? 0) + (down.count[height - 1] ?? 0);
  return alongColumns(alongRows(source, across, first, end - first), down, first);
}

/** The whole image resized. */
export const resize = (image: Pixels, size: Size): Pixels => resizeRegion(image, size, { left: 0, top: 0, ...size });
