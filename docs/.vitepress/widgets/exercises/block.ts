/** Exercises of the chapter on the block. */
import { block as examples } from "../examples/block.ts";
import { constantsOf, type Exercise } from "../exercise.ts";

const ofLayerNorm = {
  example: examples.largeEps,
  names: { x: "x", weight: "params.weight", bias: "params.bias" },
  constants: constantsOf(examples.largeEps),
};

export const block: readonly Exercise[] = [
  { id: "block/layer-norm", kind: "formula", ...ofLayerNorm },
  { id: "block/layer-norm-gradient", kind: "gradient", ...ofLayerNorm },
  {
    id: "block/residual",
    kind: "gradient",
    example: examples.normedResidual,
    names: { x: "x" },
    constants: constantsOf(examples.normedResidual),
  },
];
