/**
 * Colour jitter, torchvision's `ColorJitter(s, s, s)` (deit.md 7.1), which acts only without a policy: brightness, contrast and saturation are
 * changed in random order, each by a factor uniform on 1 − s … 1 + s. They are Pillow's Brightness, Contrast and Color (`enhance.ts`).
 */
import { fold, permutation, uniform53At, type Key } from "../../tensor/key.ts";
import type { OperationDraw } from "./draw.ts";
import { magnitudeOfFactor } from "./enhance.ts";
import type { OperationName } from "./operations.ts";
import { between } from "./rectangles.ts";

const changed = ["Brightness", "Contrast", "Color"] as const satisfies readonly OperationName[];

/** The largest strength: the operations have factors from 0.1 to 1.9. */
export const LARGEST_JITTER = 0.9;

/** Draws the order and the factors, as magnitudes of the three operations. */
export const drawColourJitter = (key: Key, strength: number): readonly OperationDraw[] =>
  permutation(fold(key, "order"), changed.length).map((i) => ({
    op: changed[i] ?? "Color",
    magnitude: magnitudeOfFactor(between(uniform53At(key, i), [1 - strength, 1 + strength])),
    sign: 0,
    applied: true,
  }));
