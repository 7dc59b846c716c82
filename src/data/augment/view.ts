/**
 * A view of a training image: what is drawn for it, and how that is applied (deit.md 7.6). Each step draws from a key of its own, so that
 * adding a step changes none of the others.
 *
 *   rotation → crop, resized to S×S → mirror → operations → (normalised) → erasing
 *
 * Erasing acts on the normalised view, hence it is drawn here and applied elsewhere.
 */
import { fold, uniform53At, type Key } from "../../tensor/key.ts";
import type { PixelKernels } from "../pixels/kernels.ts";
import { cut, isWhole } from "../pixels/cut.ts";
import { isInside, type Pixels, type Region, type Size } from "../pixels/pixels.ts";
import { drawAutoAugment } from "./autoAugment.ts";
import { drawColourJitter } from "./colourJitter.ts";
import type { OperationDraw, Rectangle, ViewDraw } from "./draw.ts";
import { drawErasing } from "./erasing.ts";
import { operate } from "./operations.ts";
import { drawPaddedCrop } from "./paddedCrop.ts";
import { drawRandAugment } from "./randAugment.ts";
import { drawResizedCrop } from "./resizedCrop.ts";
import { drawRotation, rotated } from "./rotation.ts";
import type { AugmentSettings } from "./settings.ts";

/**
 * The key of a view.
 *
 * @param run the key of what is trained: `fold(keyOf(seed), "student")`
 * @param sample the index of the image in its set
 * @param copy which of the repeated views of the sample in this epoch, from 0
 */
export const viewKey = (run: Key, epoch: number, sample: number, copy: number): Key =>
  fold(fold(fold(fold(run, "augment"), epoch), sample), copy);

function drawCrop(key: Key, image: Size, S: number, { crop, area, aspect, padding }: AugmentSettings): Rectangle {
  if (crop === "padded") return drawPaddedCrop(key, image, S, padding);
  if (crop === "resized") return drawResizedCrop(key, image, area, aspect);
  return { top: 0, left: 0, h: image.height, w: image.width };
}

function drawOperations(key: Key, { policy, colourJitter }: AugmentSettings): readonly OperationDraw[] {
  if (policy.kind === "randaugment") return drawRandAugment(key, policy);
  if (policy.kind === "autoaugment") return drawAutoAugment(key);
  return colourJitter > 0 ? drawColourJitter(key, colourJitter) : [];
}

/**
 * Draws the view of an image of this size, by settings that `checkSettings` accepts.
 *
 * @param S the view's side in pixels
 * @throws RangeError for an image that is too small for a padded crop
 */
export function drawView(key: Key, image: Size, S: number, settings: AugmentSettings): ViewDraw {
  const { rotation, flip, erasing } = settings;
  return {
    ...(rotation > 0 ? { rotation: drawRotation(fold(key, "rotation"), rotation) } : {}),
    crop: drawCrop(fold(key, "crop"), image, S, settings),
    flip: flip && uniform53At(fold(key, "flip"), 0) < 0.5,
    ops: drawOperations(fold(key, "ops"), settings),
    erasing: drawErasing(fold(key, "erasing"), S, erasing),
  };
}

/** The crop as a region of the image, beyond which it may extend. */
const regionOf = ({ top, left, h, w }: Rectangle): Region => ({ left, top, width: w, height: h });

/** The part of an image of this size that a view of it is made from. */
export function partOf({ rotation, crop }: ViewDraw, size: Size): Region {
  const region = regionOf(crop);
  return rotation === undefined && isInside(region, size) ? region : { left: 0, top: 0, ...size };
}

/** The same view, drawn for an image of which there is only `part`. */
export const withinPart = (draw: ViewDraw, { left, top }: Region): ViewDraw => ({
  ...draw,
  crop: { ...draw.crop, top: draw.crop.top - top, left: draw.crop.left - left },
});

/** The rectangle of the image resized to S×S, [H, W, C] → [S, S, C]; zeros where it extends beyond the image. */
function resizedTo(kernels: PixelKernels, image: Pixels, region: Region, S: number): Pixels {
  const whole: Region = { left: 0, top: 0, width: S, height: S };
  if (region.width === S && region.height === S) return isWhole(region, image) ? image : cut(image, region); // which resizing would not change
  if (isInside(region, image)) return kernels.resize(image, region, whole, whole);
  return kernels.resize(cut(image, region), { ...region, left: 0, top: 0 }, whole, whole);
}

/** Applies all but erasing, [H, W, C] → [S, S, C]. */
export function applyView(kernels: PixelKernels, image: Pixels, { rotation, crop, flip, ops }: ViewDraw, S: number): Pixels {
  const upright = rotation === undefined ? image : rotated(image, rotation);
  const square = resizedTo(kernels, upright, regionOf(crop), S);
  const mirrored = flip ? kernels.flip(square) : square;
  return ops.reduce((pixels, draw) => operate(kernels, pixels, draw), mirrored);
}
