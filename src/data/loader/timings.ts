/** Where the time of making images goes, measured around the pixel kernels and the decoder of one thread. */
import type { PixelKernels } from "../pixels/kernels.ts";
import type { Dataset } from "../sources/dataset.ts";

/** Sums since a thread began to make images: ms spent on decoding, on crops, on augmentation and altogether, then the number of images. */
export type Timings = Float64Array;
const [DECODE, CROP, AUGMENT, ALL, IMAGES] = [0, 1, 2, 3, 4];
/** The length of a `Timings`. */
export const TIMINGS = 5;

/** Adds the time that f takes. */
function timed<A extends readonly unknown[], R>(timings: Timings, place: number, f: (...args: A) => R): (...args: A) => R {
  return (...args) => {
    const start = performance.now();
    const result = f(...args);
    timings[place] = (timings[place] ?? 0) + performance.now() - start;
    return result;
  };
}

/** The same kernels; their time counts: of resizing as crop, of the copy into the batch not at all, of all others as augmentation. */
export function timedKernels(kernels: PixelKernels, timings: Timings): PixelKernels {
  const as = <A extends readonly unknown[], R>(place: number, f: (...args: A) => R): ((...args: A) => R) => timed(timings, place, f);
  return {
    resize: as(CROP, kernels.resize),
    affine: as(AUGMENT, kernels.affine),
    lookUp: as(AUGMENT, kernels.lookUp),
    blend: as(AUGMENT, kernels.blend),
    grey: as(AUGMENT, kernels.grey),
    smooth: as(AUGMENT, kernels.smooth),
    histogram: as(AUGMENT, kernels.histogram),
    flip: as(AUGMENT, kernels.flip),
    planes: kernels.planes,
  };
}

/** The same set; reading and decoding an image count as decoding. */
export function timedDataset(dataset: Dataset, timings: Timings): Dataset {
  const spent = async <T>(work: () => T | Promise<T>): Promise<T> => {
    const start = performance.now();
    const result = await work();
    timings[DECODE] = (timings[DECODE] ?? 0) + performance.now() - start;
    return result;
  };
  return {
    ...dataset,
    open: async (i) => {
      const { decode, ...size } = await spent(() => dataset.open(i));
      return { ...size, decode: (part) => spent(() => decode(part)) };
    },
  };
}

/** Makes an image, and counts it and its time. */
export async function timedImage(timings: Timings, make: () => Promise<void>): Promise<void> {
  const start = performance.now();
  await make();
  timings[ALL] = (timings[ALL] ?? 0) + performance.now() - start;
  timings[IMAGES] = (timings[IMAGES] ?? 0) + 1;
}

/** The mean time of an image by part, in ms; the four parts add up to the whole. */
export interface ImageTimes {
  /** Reading and decoding. */
  readonly decode: number;
  /** Resizing the crop. */
  readonly crop: number;
  /** The flip and the operations. */
  readonly augment: number;
  /** The draws, rotation, noise, and the copy into the batch. */
  readonly other: number;
}

/** The mean times of the images of all threads; NaN before the first image. */
export function imageTimes(all: readonly Timings[]): ImageTimes {
  const sum = (place: number): number => all.reduce((total, timings) => total + (timings[place] ?? 0), 0);
  const mean = (place: number): number => sum(place) / sum(IMAGES);
  const [decode, crop, augment] = [mean(DECODE), mean(CROP), mean(AUGMENT)];
  return { decode, crop, augment, other: mean(ALL) - decode - crop - augment };
}
