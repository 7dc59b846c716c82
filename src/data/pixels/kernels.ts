/** The loops over the pixels of 8-bit images: the same functions as a plain definition (`plain.ts`) and as SIMD kernels (`simd.ts`). */
import type { Pixels, Region, Size } from "./pixels.ts";

/** The loops over pixels that augmentation and preprocessing are made of. Each returns a new image and leaves its arguments unchanged. */
export interface PixelKernels {
  /** Pillow's bicubic resize (deit.md 7.12) of the rectangle `crop` to `size`; of the result, the rectangle `region`. */
  readonly resize: (image: Pixels, crop: Region, size: Size, region: Region) => Pixels;
  /**
   * Pillow's affine transform with its bicubic filter (deit.md 7.8): the output pixel with its centre at (x, y) is sampled at
   * (a x + b y + c, d x + e y + f). Samples outside the image become `fill`.
   */
  readonly affine: (image: Pixels, matrix: AffineMatrix, fill: readonly number[]) => Pixels;
  /** Replaces each value v of channel c by tables[256c + v]. */
  readonly lookUp: (image: Pixels, tables: Uint8Array) => Pixels;
  /** a + factor · (b − a) in f32, truncated and clipped to 0 … 255 (deit.md 7.8); a and b have the same size. */
  readonly blend: (a: Pixels, b: Pixels, factor: number) => Pixels;
  /** The luma of an RGB image (deit.md 7.8), in each of its three channels. */
  readonly grey: (image: Pixels) => Pixels;
  /** Pillow's 3×3 smoothing filter (deit.md 7.8); the pixels of the border are copied. */
  readonly smooth: (image: Pixels) => Pixels;
  /** How often each value occurs: 256 counts a channel. */
  readonly histogram: (image: Pixels) => Uint32Array;
  /** The image mirrored left to right. */
  readonly flip: (image: Pixels) => Pixels;
  /** [H, W, C] → [C, H, W], into `out`. */
  readonly planes: (image: Pixels, out: Uint8Array) => void;
}

/** a, b, c, d, e, f. */
export type AffineMatrix = readonly [a: number, b: number, c: number, d: number, e: number, f: number];
