/** Exercises of the chapter on the disputed choices. */
import { choices as examples, labels } from "../examples/choices.ts";
import type { Exercise } from "../exercise.ts";

export const choices: readonly Exercise[] = [
  { id: "choices/rows", kind: "formula", example: examples["softmax-rows"], names: { z: "z" } },
  { id: "choices/smoothing", kind: "formula", example: examples["smoothed-loss"], names: { logits: "logits" }, constants: { labels } },
  { id: "choices/fusion", kind: "gradient", example: examples["sum-of-softmax"], names: { head: "head", head_dist: "head_dist" } },
];
