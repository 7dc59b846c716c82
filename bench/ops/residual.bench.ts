import { opBench, drawn, times, tiny, type OpBench } from "#deit/bench/opBench.js";
import { residual } from "#deit/ops/residual.js";

/** With drop path, as in training. */
export const bench: OpBench = opBench(residual, [1, 8], (k, B) => {
  const { T, D } = tiny;
  const multiplier = k.upload([B], new Float32Array(B).fill(1));
  return { title: times(B, T, D), inputs: { x: drawn(k, "x", B, T, D), branch: drawn(k, "branch", B, T, D) }, attrs: { multiplier } };
});
