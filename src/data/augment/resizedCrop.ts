/**
 * Random resized crop: which rectangle of an image is resized to S×S (deit.md 7.7; Szegedy et al. 2015, section 6).
 *
 *   try i     w = round(√(a H W · r))    h = round(√(a H W / r))    area a ~ U(0.08, 1), aspect r = exp U(ln ¾, ln 4⁄3); halves to even
 *   taken     the first of 10 with w ≤ W and h ≤ H; its top is uniform on 0 … H − h, its left on 0 … W − w
 *   else      the centre, of the whole height or width, with the aspect clipped to its range
 */
import type { Key } from "../../tensor/key.ts";
import type { Size } from "../pixels/pixels.ts";
import { roundHalfEven } from "../pixels/rounding.ts";
import type { Rectangle } from "./draw.ts";
import { drawRectangles, upTo, type Range, type RectangleDraws } from "./rectangles.ts";

/** The largest rectangle in the middle of the image whose aspect is in the range. */
function centre({ width: W, height: H }: Size, [least, largest]: Range): Rectangle {
  const aspect = W / H;
  const h = aspect < least ? roundHalfEven(W / least) : H;
  const w = aspect > largest ? roundHalfEven(H * largest) : W;
  return { top: Math.floor((H - h) / 2), left: Math.floor((W - w) / 2), h, w };
}

/** The rectangle that follows from what was drawn. */
export function resizedCrop({ width: W, height: H }: Size, aspect: Range, { tries, place: [down, right] }: RectangleDraws): Rectangle {
  for (const [areaFraction, logAspect] of tries) {
    const [area, r] = [areaFraction * (W * H), Math.exp(logAspect)];
    const w = roundHalfEven(Math.sqrt(area * r));
    const h = roundHalfEven(Math.sqrt(area / r));
    if (w > 0 && h > 0 && w <= W && h <= H) return { top: upTo(down, H - h), left: upTo(right, W - w), h, w };
  }
  return centre({ width: W, height: H }, aspect);
}

/** Draws the rectangle. `area` is a range of shares of the image's area, `aspect` of widths divided by heights. */
export const drawResizedCrop = (key: Key, size: Size, area: Range, aspect: Range): Rectangle =>
  resizedCrop(size, aspect, drawRectangles(key, area, aspect));
