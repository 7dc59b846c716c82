/**
 * Mixup, CutMix, erased rectangles and normalised pixels by loops over samples b, channels c and pixels (y, x).
 *
 *   (E38)  x_b ← λ x_b + (1 − λ) x_{B−1−b}
 *   (E39)  pixel (y, x) comes from the partner if −⌊c_h/2⌋ ≤ y − cy < ⌊c_h/2⌋ and −⌊c_w/2⌋ ≤ x − cx < ⌊c_w/2⌋; c_h = ⌊H√(1 − λ)⌋, c_w likewise;
 *          in rule `timm` ⌈c/2⌉ is the upper bound;  λ ← the share of pixels that do not
 */
import type { HostArray } from "../../check/host.ts";
import type { Erased } from "../../data/loader/batch.ts";
import { axis } from "../../tensor/tensor.ts";
import type { BoxSettings } from "../../train/mixing/cutMix.ts";
import { at, sum, tabulate } from "./matrix.ts";

/** (E38) */
export const mixup = (x: HostArray, lambda: number): HostArray =>
  tabulate(x.shape, (b = 0, ...rest) => lambda * at(x, b, ...rest) + (1 - lambda) * at(x, axis(x.shape, 0) - 1 - b, ...rest));

/** Whether a position along a side is within the cut. */
function isCut(place: number, centre: number, side: number, { lambda, rule }: BoxSettings): boolean {
  const half = Math.floor(side * Math.sqrt(1 - lambda)) / 2;
  const upper = rule === "timm" ? Math.ceil(half) : Math.floor(half);
  return place - centre >= -Math.floor(half) && place - centre < upper;
}

const isInBox = (y: number, x: number, settings: BoxSettings): boolean =>
  isCut(y, settings.centre.y, settings.H, settings) && isCut(x, settings.centre.x, settings.W, settings);

/** (E39), [B, C, H, W] → the same. */
export const cutMix = (images: HostArray, settings: BoxSettings): HostArray =>
  tabulate(images.shape, (b = 0, c = 0, y = 0, x = 0) => at(images, isInBox(y, x, settings) ? axis(images.shape, 0) - 1 - b : b, c, y, x));

/** The λ that results from (E39). */
export function shareLeft(settings: BoxSettings): number {
  const { H, W } = settings;
  return 1 - sum(H, (y) => sum(W, (x) => (isInBox(y, x, settings) ? 1 : 0))) / (H * W);
}

/** The images with the noise of each rectangle in its place, [B, C, H, W] → the same. */
export const erase = (images: HostArray, erased: readonly Erased[]): HostArray =>
  tabulate(images.shape, (b = 0, c = 0, y = 0, x = 0) => {
    const own = erased.find(({ image, top, left, h, w }) => image === b && y >= top && y < top + h && x >= left && x < left + w);
    return own === undefined ? at(images, b, c, y, x) : (own.noise[(c * own.h + y - own.top) * own.w + x - own.left] ?? NaN);
  });

/** (x − mean)/std, channel by channel. */
export const normalisePixels = (images: HostArray, mean: HostArray, std: HostArray): HostArray =>
  tabulate(images.shape, (b, c = 0, y = 0, x = 0) => (at(images, b ?? 0, c, y, x) - at(mean, c)) / at(std, c));
