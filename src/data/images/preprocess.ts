/**
 * Evaluation preprocessing (deit.md 7.12): the image is resized, its centre cropped, and the pixels normalised.
 *
 *   deit       shorter side → trunc(S/0.875), the other in proportion      the authors'; an S×S image with S ≤ 32 is left unchanged
 *   timm       shorter side → trunc(S/0.9)                                 timm's configurations at 224
 *   timm-384   shorter side → S                                            timm's configurations at 384
 *   hf         both sides   → trunc(S/0.875), the aspect is lost           Hugging Face's image processor on Pillow; the processor on torchvision,
 *                                                                          the default of transformers 5, differs by one level of 255 in some pixels
 */
import type { Normalisation } from "../normalise.ts";
import type { Pixels, Region, Size } from "../pixels/pixels.ts";
import type { PixelKernels } from "../pixels/kernels.ts";
import { plainKernels } from "../pixels/plain.ts";
import { roundHalfEven } from "../pixels/rounding.ts";

/** The names of the four conventions. */
export const conventions = ["deit", "timm", "timm-384", "hf"] as const;
/** Whose evaluation preprocessing: the authors' (`deit`), timm's at 224 and at 384, or Hugging Face's. */
export type Convention = (typeof conventions)[number];

/** The crop's side divided by the side that the image is resized to. */
const RATIOS: { readonly [C in Convention]: number } = { deit: 0.875, timm: 0.9, "timm-384": 1, hf: 0.875 };

/** Images up to this side are neither resized nor cropped by the authors, in pixels. */
const LARGEST_UNTOUCHED = 32;
/** The largest side in pixels, at which the tensor of one image takes 200 MB. */
export const LARGEST_SIDE = 4096;

/** What evaluation preprocessing does to an image's size. */
export interface Geometry {
  /** What the image is resized to. */
  readonly resized: Size;
  /** The S×S crop of the resized image. */
  readonly crop: Region;
}

/**
 * How an image of this size is resized and cropped for image size S.
 *
 * @throws RangeError unless S is from 1 to 4096
 */
export function geometryOf({ width, height }: Size, S: number, convention: Convention): Geometry {
  if (!(Number.isInteger(S) && S >= 1 && S <= LARGEST_SIDE))
    throw new RangeError(`preprocess: the image size must be an integer from 1 to ${LARGEST_SIDE}, got ${S}`);
  const square = { width: S, height: S };
  if (convention === "deit" && S <= LARGEST_UNTOUCHED && width === S && height === S)
    return { resized: square, crop: { left: 0, top: 0, ...square } };

  const side = Math.trunc(S / RATIOS[convention]);
  const inProportion = (longer: number, shorter: number): number => Math.trunc((side * longer) / shorter);
  const resized =
    convention === "hf"
      ? { width: side, height: side }
      : width <= height
        ? { width: side, height: inProportion(height, width) }
        : { width: inProportion(width, height), height: side };
  const rounded = convention === "hf" ? Math.floor : roundHalfEven;
  const crop = { left: rounded((resized.width - S) / 2), top: rounded((resized.height - S) / 2), ...square };
  return { resized, crop };
}

/** Resizes and crops an image, [height, width, C] → [S, S, C]. */
export function preprocess(
  image: Pixels,
  S: number,
  convention: Convention,
  { resize }: Pick<PixelKernels, "resize"> = plainKernels,
): Pixels {
  const { resized, crop } = geometryOf(image, S, convention);
  return resize(image, { left: 0, top: 0, width: image.width, height: image.height }, resized, crop);
}

/** The largest value of a byte. */
const FULL = 255;

/**
 * Normalises pixels for a network, [S, S, C] → [C, S, S]: (v/255 − mean)/std in f32, each step rounded as torchvision's tensors round it.
 */
export function normalisedTensor({ data, width, height, channels }: Pixels, { mean, std }: Normalisation): Float32Array {
  const area = width * height;
  const { fround } = Math;
  const out = new Float32Array(channels * area);
  for (let c = 0; c < channels; c++) {
    const [m, s] = [fround(mean[c] ?? 0), fround(std[c] ?? 1)];
    const table = Float32Array.from({ length: FULL + 1 }, (_, v) => fround(fround(fround(v / FULL) - m) / s));
    for (let i = 0; i < area; i++) out[c * area + i] = table[data[i * channels + c] ?? 0] ?? 0;
  }
  return out;
}
