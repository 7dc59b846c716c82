/**
 * AutoAugment's policy for ImageNet (Cubuk et al. 2019, table 9; timm's `original`), for the ablation "AutoAugment instead of RandAugment"
 * (deit.md 9.10): one of 25 pairs of operations, equally likely, each operation with its own probability and magnitude.
 */
import { fold, uniform53At, type Key } from "../../tensor/key.ts";
import type { OperationDraw } from "./draw.ts";
import type { OperationName } from "./operations.ts";
import { signOf } from "./randAugment.ts";
import { upTo } from "./rectangles.ts";

/** An operation of the policy. */
export interface PolicyStep {
  readonly op: OperationName;
  /** That it is applied. */
  readonly probability: number;
  readonly magnitude: number;
}

const step = (op: OperationName, probability: number, magnitude: number): PolicyStep => ({ op, probability, magnitude });

/** The 25 pairs, in timm's order. */
export const imageNetPolicy: readonly (readonly [PolicyStep, PolicyStep])[] = [
  [step("PosterizeOriginal", 0.4, 8), step("Rotate", 0.6, 9)],
  [step("Solarize", 0.6, 5), step("AutoContrast", 0.6, 5)],
  [step("Equalize", 0.8, 8), step("Equalize", 0.6, 3)],
  [step("PosterizeOriginal", 0.6, 7), step("PosterizeOriginal", 0.6, 6)],
  [step("Equalize", 0.4, 7), step("Solarize", 0.2, 4)],
  [step("Equalize", 0.4, 4), step("Rotate", 0.8, 8)],
  [step("Solarize", 0.6, 3), step("Equalize", 0.6, 7)],
  [step("PosterizeOriginal", 0.8, 5), step("Equalize", 1, 2)],
  [step("Rotate", 0.2, 3), step("Solarize", 0.6, 8)],
  [step("Equalize", 0.6, 8), step("PosterizeOriginal", 0.4, 6)],
  [step("Rotate", 0.8, 8), step("Color", 0.4, 0)],
  [step("Rotate", 0.4, 9), step("Equalize", 0.6, 2)],
  [step("Equalize", 0, 7), step("Equalize", 0.8, 8)],
  [step("Invert", 0.6, 4), step("Equalize", 1, 8)],
  [step("Color", 0.6, 4), step("Contrast", 1, 8)],
  [step("Rotate", 0.8, 8), step("Color", 1, 2)],
  [step("Color", 0.8, 8), step("Solarize", 0.8, 7)],
  [step("Sharpness", 0.4, 7), step("Invert", 0.6, 8)],
  [step("ShearX", 0.6, 5), step("Equalize", 1, 9)],
  [step("Color", 0.4, 0), step("Equalize", 0.6, 3)],
  [step("Equalize", 0.4, 7), step("Solarize", 0.2, 4)],
  [step("Solarize", 0.6, 5), step("AutoContrast", 0.6, 5)],
  [step("Invert", 0.6, 4), step("Equalize", 1, 8)],
  [step("Color", 0.6, 4), step("Contrast", 1, 8)],
  [step("Equalize", 0.8, 8), step("Equalize", 0.6, 3)],
];

/** Draws a pair, and which of its operations are applied. */
export function drawAutoAugment(key: Key): readonly OperationDraw[] {
  const pair = imageNetPolicy[upTo(uniform53At(key, 0), imageNetPolicy.length - 1)] ?? [];
  return pair.map(({ op, probability, magnitude }, i) => {
    const own = fold(key, i);
    return { op, magnitude, sign: signOf(op, uniform53At(own, 0)), applied: uniform53At(own, 1) < probability };
  });
}
