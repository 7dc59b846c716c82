/** Random rectangles by area and aspect, as random resized crop (deit.md 7.7) and random erasing (7.10) look for them. */
import { uniform53At, type Key } from "../../tensor/key.ts";

/** A rectangle that may be taken: its area as a share of the image's, and the logarithm of its aspect. */
export type Try = readonly [areaFraction: number, logAspect: number];

/** Two numbers in [0, 1) that place a rectangle: from the top and from the left. */
export type Place = readonly [down: number, right: number];

/** Least and largest. */
export type Range = readonly [least: number, largest: number];

/** How many rectangles are tried. */
const TRIES = 10;

/** What is drawn to find a rectangle. */
export interface RectangleDraws {
  /** In this order; the first that fits is taken. */
  readonly tries: readonly Try[];
  readonly place: Place;
}

/** A number from `least` to `largest`, for u in [0, 1). */
export const between = (u: number, [least, largest]: Range): number => least + (largest - least) * u;

/** An integer from 0 to `largest`, each equally likely for u uniform on [0, 1). */
export const upTo = (u: number, largest: number): number => Math.floor(u * (largest + 1));

/** Draws areas uniform on `area` and aspects whose logarithm is uniform. */
export function drawRectangles(key: Key, area: Range, aspect: Range): RectangleDraws {
  const logAspect: Range = [Math.log(aspect[0]), Math.log(aspect[1])];
  const tries = Array.from({ length: TRIES }, (_, i): Try => [
    between(uniform53At(key, 2 * i), area),
    between(uniform53At(key, 2 * i + 1), logAspect),
  ]);
  return { tries, place: [uniform53At(key, 2 * TRIES), uniform53At(key, 2 * TRIES + 1)] };
}
