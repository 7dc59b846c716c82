/** The resize of resize.ts with SIMD kernels. */
import type { Taps } from "./bicubic.ts";
import { bytesAt, copyOf, place, type Kernels } from "./module.ts";
import type { Pixels, Region, Size } from "./pixels.ts";
import { resizePlan, type ResizePlan } from "./resize.ts";

/** Bytes of the image that are copied at a time, if that is at least `ROWS` rows: a large image need not fit in the memory. */
const STRIP = 256 * 1024;
/** Rows that are resized together along themselves, and rows after the last that are touched, at most. */
const ROWS = 4;
const SPARE = ROWS - 1;
/** Bytes after a row's end that the kernel overwrites, at most. */
const EXCESS = 3;
/** Bytes of an integer. */
const WORD = 4;

/** Lengths of the parts of the memory that `store` needs. */
const lengthsOf = ({ first, count, weights }: Taps): readonly number[] => [WORD * first.length, WORD * count.length, WORD * weights.length];

/** Copies taps to the memory, the weights in pairs. */
function store(kernels: Kernels, { first, count, weights }: Taps, at: readonly number[]): void {
  for (const [i, numbers] of [first, count, weights].entries()) new Int32Array(kernels.memory.buffer, at[i], numbers.length).set(numbers);
  kernels.pairWeights(at[2] ?? 0, weights.length);
}

/** Resizes rows along themselves. */
const alongRows = (kernels: Kernels, channels: number): Kernels["alongRowsRgb"] =>
  channels === 1 ? kernels.alongRowsGrey : kernels.alongRowsRgb;

/** What the passes share. */
interface Job {
  readonly kernels: Kernels;
  readonly image: Pixels;
  readonly crop: Region;
  readonly region: Region;
  readonly plan: ResizePlan;
}

/** Copies rows of the crop to the memory, from the crop's first column to its last. Their distance is that in the image. */
function copyRows({ kernels, image, crop }: Job, to: number, top: number, rows: number): void {
  const { data, width, channels } = image;
  const start = ((crop.top + top) * width + crop.left) * channels;
  const length = ((rows - 1) * width + crop.width) * channels;
  bytesAt(kernels, to, length).set(data.subarray(start, start + length));
}

function rowsFirst(job: Job): Uint8Array {
  const { kernels, image, region, plan } = job;
  const { across, down, rows } = plan;
  const { channels } = image;
  const [row, samples] = [image.width * channels, region.width * channels];
  const pitch = samples + EXCESS;
  const strip = Math.min(Math.max(ROWS * Math.floor(STRIP / row / ROWS), ROWS), rows.count);
  const lengths = [(strip + SPARE) * row, (rows.count + SPARE) * pitch, region.height * samples, ...lengthsOf(across), ...lengthsOf(down)];
  const [source = 0, short = 0, out = 0, ...taps] = place(kernels, lengths);
  const [firsts = 0, counts = 0, weights = 0, downFirsts = 0, downCounts = 0, downWeights = 0] = taps;
  store(kernels, across, taps);
  store(kernels, down, taps.slice(3));
  for (let top = 0; top < rows.count; top += strip) {
    const height = Math.min(strip, rows.count - top);
    copyRows(job, source, rows.first + top, height);
    const to = short + top * pitch;
    alongRows(kernels, channels)(to, source, firsts, counts, weights, pitch, row, height, across.stride, region.width);
  }
  const origin = short - rows.first * pitch; // where row 0 of the crop would be
  kernels.alongColumns(out, origin, downFirsts, downCounts, downWeights, samples, pitch, samples, down.stride, region.height);
  return copyOf(kernels, out, region.height * samples);
}

function columnsFirst(job: Job): Uint8Array {
  const { kernels, image, crop, region, plan } = job;
  const { across, down, rows } = plan;
  const { channels } = image;
  const [row, narrow, samples] = [image.width * channels, crop.width * channels, region.width * channels];
  const pitch = samples + EXCESS;
  const lengths = [
    rows.count * row,
    (region.height + SPARE) * narrow,
    (region.height + SPARE) * pitch,
    ...lengthsOf(across),
    ...lengthsOf(down),
  ];
  const [source = 0, low = 0, out = 0, ...taps] = place(kernels, lengths);
  const [firsts = 0, counts = 0, weights = 0, downFirsts = 0, downCounts = 0, downWeights = 0] = taps;
  store(kernels, across, taps);
  store(kernels, down, taps.slice(3));
  copyRows(job, source, rows.first, rows.count);
  const origin = source - rows.first * row; // where row 0 of the crop would be
  kernels.alongColumns(low, origin, downFirsts, downCounts, downWeights, narrow, row, narrow, down.stride, region.height);
  alongRows(kernels, channels)(out, low, firsts, counts, weights, pitch, narrow, region.height, across.stride, region.width);
  const result = new Uint8Array(region.height * samples);
  for (let y = 0; y < region.height; y++) result.set(bytesAt(kernels, out + y * pitch, samples), y * samples);
  return result;
}

/** As `resizeCrop`, of an image of 1 or 3 channels. */
export function simdResize(kernels: Kernels, image: Pixels, crop: Region, size: Size, region: Region): Pixels {
  const plan = resizePlan(image, crop, size, region);
  const job = { kernels, image, crop, region, plan };
  const data = plan.columnsFirst ? columnsFirst(job) : rowsFirst(job);
  return { data, width: region.width, height: region.height, channels: image.channels };
}
