/**
 * Pillow's bicubic resize of 8-bit images, identical to the byte (deit.md 7.12; Pillow 9.5 to 12.3): first along the rows, then along the
 * columns, rounded to bytes in between; very tall images are resized along the columns first. Only what a region of the result needs is
 * computed, so that the crop of an enormous enlargement costs no more than any other.
 */
import { bicubicTaps, PRECISION, type Taps } from "./bicubic.ts";
import { checkedPixels, isInside, type Pixels, type Region, type Size } from "./pixels.ts";

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

/** What a pass reads: the taps count columns from `crop.left` and rows from `crop.top`. */
type Source = Pixels & { readonly crop: Region };

/** Resizes rows `top` … `top + height − 1` of the crop along themselves. */
function alongRows({ data, width, channels, crop }: Source, taps: Taps, top: number, height: number): Pixels {
  const { first, count, weights, stride } = taps;
  const across = first.length;
  const out = new Uint8Array(height * across * channels);
  for (let row = 0, at = 0; row < height; row++) {
    const start = (crop.top + top + row) * width + crop.left;
    for (let x = 0; x < across; x++)
      for (let c = 0; c < channels; c++, at++)
        out[at] = weighted(data, (start + (first[x] ?? 0)) * channels + c, channels, weights, x * stride, count[x] ?? 0);
  }
  return { data: out, width: across, height, channels };
}

/** Resizes the crop along its columns. */
function alongColumns({ data, width, channels, crop }: Source, { first, count, weights, stride }: Taps): Pixels {
  const [row, across, down] = [width * channels, crop.width * channels, first.length];
  const out = new Uint8Array(down * across);
  for (let y = 0, at = 0; y < down; y++) {
    const start = (crop.top + (first[y] ?? 0)) * row + crop.left * channels;
    for (let x = 0; x < across; x++, at++) out[at] = weighted(data, start + x, row, weights, y * stride, count[y] ?? 0);
  }
  return { data: out, width: crop.width, height: down, channels };
}

/** Whether Pillow's `Image.resize` resizes along the columns first: the image is over 100 times as tall as wide, and becomes less tall. */
const isColumnsFirst = (from: Size, to: Size): boolean => from.height > VERY_TALL * from.width && to.height < from.height;

const whole = ({ width, height }: Size): Region => ({ left: 0, top: 0, width, height });
const described = ({ left, top, width, height }: Region): string => `${width}×${height} at (${left}, ${top})`;

/** What is computed for a region of a resized crop. */
export interface ResizePlan {
  /** For its columns. */
  readonly across: Taps;
  /** For its rows. */
  readonly down: Taps;
  /** Whether the pass along the columns comes first. */
  readonly columnsFirst: boolean;
  /** Rows of the crop that are read, counted from its top. */
  readonly rows: { readonly first: number; readonly count: number };
}

/** The plan. Throws as `resizeCrop`. */
export function resizePlan(image: Pixels, crop: Region, size: Size, region: Region): ResizePlan {
  if (!isInside(crop, checkedPixels(image)))
    throw new RangeError(`resize: ${described(crop)} is not inside the image of ${image.width}×${image.height}`);
  if (!isInside(region, size))
    throw new RangeError(`resize: ${described(region)} is not inside the resized image of ${size.width}×${size.height}`);
  const across = bicubicTaps(crop.width, size.width, region.left, region.width);
  const down = bicubicTaps(crop.height, size.height, region.top, region.height);
  const first = down.first[0] ?? 0;
  const end = (down.first[region.height - 1] ?? 0) + (down.count[region.height - 1] ?? 0);
  return { across, down, columnsFirst: isColumnsFirst(crop, size), rows: { first, count: end - first } };
}

/**
 * A region of the resized crop: the rectangle `crop` of the image is cut out, so that no pixel around it is read, and resized to `size`.
 * [height, width, C] → [region.height, region.width, C].
 *
 * @throws RangeError for a crop that is not inside the image, and for a region that is not inside the resized crop
 */
export function resizeCrop(image: Pixels, crop: Region, size: Size, region: Region): Pixels {
  const { across, down, columnsFirst, rows } = resizePlan(image, crop, size, region);
  const source = { ...image, crop };
  if (columnsFirst) {
    const narrow = alongColumns(source, down);
    return alongRows({ ...narrow, crop: whole(narrow) }, across, 0, region.height);
  }
  const short = alongRows(source, across, rows.first, rows.count);
  return alongColumns({ ...short, crop: { ...whole(short), top: -rows.first } }, down); // row `first` of the crop is row 0 of `short`
}

/**
 * A region of the image resized to `size`, [height, width, C] → [region.height, region.width, C].
 *
 * @throws RangeError for a region that is not inside the resized image
 */
export const resizeRegion = (image: Pixels, size: Size, region: Region): Pixels => resizeCrop(image, whole(image), size, region);

/** The whole image resized. */
export const resize = (image: Pixels, size: Size): Pixels => resizeRegion(image, size, whole(size));
