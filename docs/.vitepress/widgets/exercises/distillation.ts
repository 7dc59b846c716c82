/** Exercises of the chapter on distillation. */
import { distillation as examples } from "../examples/distillation.ts";
import { constantsOf, type Exercise } from "../exercise.ts";

export const distillation: readonly Exercise[] = [
  {
    id: "distillation/hard",
    kind: "formula",
    example: examples.hardDistillation,
    names: { head: "head", head_dist: "head_dist" },
    constants: constantsOf(examples.hardDistillation),
  },
  {
    id: "distillation/temperature",
    kind: "gradient",
    example: examples.divergence,
    names: { student: "student" },
    constants: constantsOf(examples.divergence),
  },
  {
    id: "distillation/one-head",
    kind: "gradient",
    example: examples.usualSoftDistillation,
    names: { head: "head" },
    constants: constantsOf(examples.usualSoftDistillation),
  },
];
