/**
 * Random erasing: a rectangle of the normalised view is filled with noise (deit.md 7.10; Zhong et al. 2020, mode `pixel`).
 *
 *   erased    with probability p
 *   try i     h = round(√(a S² · r))    w = round(√(a S² / r))    area a ~ U(0.02, ⅓), aspect r = exp U(ln 0.3, ln 1/0.3); halves to even
 *   taken     the first of 10 with h < H and w < W; its top is uniform on 0 … H − h, its left on 0 … W − w; if none fits, nothing is erased
 *   noise     N(0, 1), independent for every pixel and channel
 */
import { fold, normals, uniform53At, type Key } from "../../tensor/key.ts";
import type { Size } from "../pixels/pixels.ts";
import { roundHalfEven } from "../pixels/rounding.ts";
import type { Rectangle } from "./draw.ts";
import { drawRectangles, upTo, type Range, type RectangleDraws } from "./rectangles.ts";

/** Shares of the view's area, and heights divided by widths (deit.md 7.10). */
export const ERASED_AREA: Range = [0.02, 1 / 3];
export const ERASED_ASPECT: Range = [0.3, 1 / 0.3];

/** The rectangle that follows from what was drawn; null: none of those tried fits. */
export function erasedRectangle({ width: W, height: H }: Size, { tries, place: [down, right] }: RectangleDraws): Rectangle | null {
  for (const [areaFraction, logAspect] of tries) {
    const [area, r] = [areaFraction * (H * W), Math.exp(logAspect)];
    const h = roundHalfEven(Math.sqrt(area * r));
    const w = roundHalfEven(Math.sqrt(area / r));
    if (h > 0 && w > 0 && h < H && w < W) return { top: upTo(down, H - h), left: upTo(right, W - w), h, w };
  }
  return null;
}

/** Draws whether an S×S view is erased, with this probability, and where; null: it is not. */
export function drawErasing(key: Key, S: number, probability: number): Rectangle | null {
  if (uniform53At(fold(key, "erased"), 0) >= probability) return null;
  return erasedRectangle({ width: S, height: S }, drawRectangles(key, ERASED_AREA, ERASED_ASPECT));
}

/** The noise for a rectangle, [C, h, w], of the view with this key. */
export const erasingNoise = (view: Key, { h, w }: Rectangle, channels: number): Float32Array =>
  normals(fold(view, "noise"), channels * h * w);
