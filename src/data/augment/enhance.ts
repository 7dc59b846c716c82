/**
 * The operations that blend an image with a degenerate one, Pillow's `ImageEnhance` (deit.md 7.8).
 *
 *   degenerate + f (image − degenerate)        f < 1 weakens a property, f > 1 strengthens it
 *
 *   Color         the luma in each channel
 *   Contrast      one grey, the mean of the luma, rounded, halves up
 *   Brightness    black
 *   Sharpness     the smoothed image
 *
 * The factor at magnitude M is 0.1 + 1.8 M/10; of the …Increasing operations, max(0.1, 1 ± 0.9 M/10).
 */
import type { PixelKernels } from "../pixels/kernels.ts";
import type { Pixels } from "../pixels/pixels.ts";
import { LARGEST_MAGNITUDE, level, signed, type GradedOperation, type Operation } from "./operation.ts";

/** The smallest factor (deit.md 7.8). */
const LEAST = 0.1;
/** From the smallest factor to the largest, and from 1 to either of them. */
const [SPAN, REACH] = [1.8, 0.9];
const VALUES = 256;

/** Blends an image with a degenerate one. */
type Enhance = GradedOperation["apply"];

/** Blends with one value for all pixels; so that the blend is a table, which a blend of all 256 values gives. */
function withConstant(kernels: PixelKernels, image: Pixels, constant: number, factor: number): Pixels {
  const values: Pixels = { data: Uint8Array.from({ length: VALUES }, (_, v) => v), width: VALUES, height: 1, channels: 1 };
  const { data: table } = kernels.blend({ ...values, data: new Uint8Array(VALUES).fill(constant) }, values, factor);
  const tables = new Uint8Array(VALUES * image.channels);
  for (let c = 0; c < image.channels; c++) tables.set(table, c * VALUES);
  return kernels.lookUp(image, tables);
}

function meanLuma(kernels: PixelKernels, image: Pixels): number {
  const counts = kernels.histogram(kernels.grey(image)).subarray(0, VALUES);
  const sum = counts.reduce((total, count, v) => total + count * v, 0);
  return Math.trunc(sum / (image.width * image.height) + 0.5);
}

const color: Enhance = (kernels, image, factor) => kernels.blend(kernels.grey(image), image, factor);
const contrast: Enhance = (kernels, image, factor) => withConstant(kernels, image, meanLuma(kernels, image), factor);
const brightness: Enhance = (kernels, image, factor) => withConstant(kernels, image, 0, factor);
const sharpness: Enhance = (kernels, image, factor) => kernels.blend(kernels.smooth(image), image, factor);

const monotonic = (apply: Enhance): GradedOperation => ({ isSigned: false, argument: (M) => level(M) * SPAN + LEAST, apply });
const increasing = (apply: Enhance): GradedOperation => ({
  isSigned: true,
  argument: (M, sign) => Math.max(LEAST, 1 + signed(level(M) * REACH, sign)),
  apply,
});

/** The magnitude at which the operations that are not …Increasing have this factor, from 0.1 to 1.9. */
export const magnitudeOfFactor = (factor: number): number => ((factor - LEAST) / SPAN) * LARGEST_MAGNITUDE;

type Changed = "Color" | "Contrast" | "Brightness" | "Sharpness";
/** timm's names. */
export type EnhanceName = Changed | `${Changed}Increasing`;

/** The operations by timm's names. */
export const enhance: { readonly [N in EnhanceName]: Operation } = {
  Color: monotonic(color),
  ColorIncreasing: increasing(color),
  Contrast: monotonic(contrast),
  ContrastIncreasing: increasing(contrast),
  Brightness: monotonic(brightness),
  BrightnessIncreasing: increasing(brightness),
  Sharpness: monotonic(sharpness),
  SharpnessIncreasing: increasing(sharpness),
};
