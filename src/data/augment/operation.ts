/** What an operation of RandAugment, AutoAugment or the colour jitter is. */
import type { PixelKernels } from "../pixels/kernels.ts";
import type { Pixels } from "../pixels/pixels.ts";

/** The largest magnitude. */
export const LARGEST_MAGNITUDE = 10;

/** A fair sign. */
export type Sign = 1 | -1;

/** An operation that a magnitude does not change. */
export interface PlainOperation {
  readonly argument: null;
  /** [H, W, C] → [H, W, C]. */
  readonly apply: (kernels: PixelKernels, image: Pixels) => Pixels;
}

/** An operation with an argument. */
export interface GradedOperation {
  /** Whether the argument has a random sign. */
  readonly isSigned: boolean;
  /** The argument at magnitude M, from 0 to 10; the sign counts only if the operation has one. */
  readonly argument: (M: number, sign: Sign) => number;
  /** [H, W, C] → [H, W, C]. */
  readonly apply: (kernels: PixelKernels, image: Pixels, argument: number) => Pixels;
}

/** An operation on the colours or the geometry of an image. */
export type Operation = PlainOperation | GradedOperation;

/** M as a share of the largest magnitude. */
export const level = (M: number): number => M / LARGEST_MAGNITUDE;

/** ±v. */
export const signed = (v: number, sign: Sign): number => (sign < 0 ? -v : v);
