/** Exercises of the chapter on the heads. */
import { heads as examples } from "../examples/heads.ts";
import type { Exercise } from "../exercise.ts";

const ofFusedHeads = {
  example: examples.fusedHeads,
  names: { z: "z", Wc: "params.head.weight", bc: "params.head.bias", Wd: "params.head_dist.weight", bd: "params.head_dist.bias" },
};

export const heads: readonly Exercise[] = [
  { id: "heads/fused", kind: "formula", ...ofFusedHeads },
  { id: "heads/sum-of-softmax", kind: "formula", example: examples.sumOfSoftmax, names: { head: "head", head_dist: "head_dist" } },
  { id: "heads/gradient", kind: "gradient", ...ofFusedHeads },
];
