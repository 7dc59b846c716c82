/**
 * RandAugment as `rand-m9-mstd0.5-inc1` (deit.md 7.8; Cubuk et al. 2020): two operations, drawn with replacement.
 *
 *   each      one of 15, equally likely; applied with probability ½
 *   M         ~ N(9, 0.5²), clipped to 0 … 10
 *   sign      fair, for the operations that have one
 */
import { fold, normalAt, uniform53At, type Key } from "../../tensor/key.ts";
import type { OperationDraw } from "./draw.ts";
import { isSigned, type OperationName } from "./operations.ts";
import { LARGEST_MAGNITUDE } from "./operation.ts";
import { upTo } from "./rectangles.ts";

/** The operations that are drawn, in timm's order; those of increasing severity. */
export const randAugmentNames: readonly OperationName[] = [
  "AutoContrast",
  "Equalize",
  "Invert",
  "Rotate",
  "PosterizeIncreasing",
  "SolarizeIncreasing",
  "SolarizeAdd",
  "ColorIncreasing",
  "ContrastIncreasing",
  "BrightnessIncreasing",
  "SharpnessIncreasing",
  "ShearX",
  "ShearY",
  "TranslateXRel",
  "TranslateYRel",
];

/** Operations an image. */
const OPERATIONS = 2;
/** The probability that an operation is applied. */
const APPLIED = 0.5;

/** The sign of an operation, for u uniform on [0, 1); 0: it has none. */
export const signOf = (op: OperationName, u: number): OperationDraw["sign"] => (isSigned(op) ? (u < 0.5 ? 1 : -1) : 0);

/** Draws the operations. */
export const drawRandAugment = (
  key: Key,
  { magnitude: mean, deviation }: { readonly magnitude: number; readonly deviation: number },
): readonly OperationDraw[] =>
  Array.from({ length: OPERATIONS }, (_, i) => {
    const own = fold(key, i);
    const op = randAugmentNames[upTo(uniform53At(own, 0), randAugmentNames.length - 1)] ?? "Invert";
    const magnitude = Math.min(Math.max(mean + deviation * normalAt(own, 1), 0), LARGEST_MAGNITUDE);
    return { op, magnitude, sign: signOf(op, uniform53At(own, 2)), applied: uniform53At(own, 3) < APPLIED };
  });
