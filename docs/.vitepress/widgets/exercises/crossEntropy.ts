/** Exercises of the chapter on cross-entropy. */
import { crossEntropy as examples } from "../examples/crossEntropy.ts";
import { constantsOf, type Exercise } from "../exercise.ts";

export const crossEntropy: readonly Exercise[] = [
  { id: "cross-entropy/stable", kind: "formula", example: examples.steepLogSoftmax, names: { z: "z" } },
  {
    id: "cross-entropy/smoothing",
    kind: "formula",
    example: examples.smoothed,
    names: { logits: "logits" },
    constants: constantsOf(examples.smoothed),
  },
  {
    id: "cross-entropy/any-target",
    kind: "gradient",
    example: examples.weighted,
    names: { logits: "logits" },
    constants: constantsOf(examples.weighted),
  },
];
