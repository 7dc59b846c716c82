/** Exercises of the chapter on augmentation. */
import { hostArray } from "deit/check";
import { augmentation as examples, boxConstants, viewConstants } from "../examples/augmentation.ts";
import type { Exercise } from "../exercise.ts";

export const augmentation: readonly Exercise[] = [
  { id: "augmentation/mixup", kind: "formula", example: examples.mixup, names: { x: "x" }, constants: { lambda: hostArray([1], [0.7]) } },
  { id: "augmentation/boxes", kind: "formula", example: examples.boxes, names: { q: "x" }, constants: boxConstants },
  { id: "augmentation/views", kind: "formula", example: examples.views, names: { x: "x" }, constants: viewConstants },
];
