/**
 * Pillow's bicubic resize of 8-bit images, to the byte: first along the rows, then along the columns, whole bytes in between (deit.md 7.12;
 * Pillow 9.5 to 12.3). Only what a region of the result needs is computed, so that a crop of an enormous enlargement costs no more than any other.
 */
import { bicubicTaps, PRECISION, type Taps } from "./bicubic.ts";
import { checkedPixels, type Pixels, type Region, type Size } from "./pixels.ts";

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

/** Rows `top` … `top + height − 1`, each as the taps make it. */
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

/** Columns as the taps make them; row 0 of the image is the taps' row `top`. */
function alongColumns({ data, width, channels }: Pixels, { first, count, weights, stride }: Taps, top: number): Pixels {
  const [row, down] = [width * channels, first.length];
  const out = new Uint8Array(down * row);
  for (let y = 0, at = 0; y < down; y++) {
    const start = ((first[y] ?? 0) - top) * row;
    for (let x = 0; x < row; x++, at++) out[at] = weighted(data, start + x, row, weights, y * stride, count[y] ?? 0);
  }
  return { data: out, width, height: down, channels };
}

/**
 * A region of the image resized to `size`, [height, width, C] → [region.height, region.width, C].
 *
 * @throws RangeError for a region that is not inside the resized image
 */
export function resizeRegion(image: Pixels, { width, height }: Size, region: Region): Pixels {
  const { left, top } = region;
  if (left < 0 || top < 0 || left + region.width > width || top + region.height > height)
    throw new RangeError(`resize: ${region.width}×${region.height} at (${left}, ${top}) is not inside of ${width}×${height}`);
  const source = checkedPixels(image);
  const across = bicubicTaps(source.width, width, left, region.width);
  const down = bicubicTaps(source.height, height, top, region.height);
  const firstRow = down.first[0] ?? 0;
  const last = region.height - 1;
  const rows = (down.first[last] ?? 0) + (down.count[last] ?? 0) - firstRow;
  return alongColumns(alongRows(source, across, firstRow, rows), down, firstRow);
}

/** The whole image resized. */
export const resize = (image: Pixels, size: Size): Pixels => resizeRegion(image, size, { left: 0, top: 0, ...size });
