import { opBench, drawn, times, tiny, type OpBench } from "#deit/bench/opBench.js";
import { layerNorm } from "#deit/ops/layerNorm.js";

export const bench: OpBench = opBench(layerNorm, [1, 8], (k, B) => {
  const { T, D } = tiny;
  const inputs = { x: drawn(k, "x", B, T, D), params: { weight: drawn(k, "weight", D), bias: drawn(k, "bias", D) } };
  return { title: times(B, T, D), inputs, attrs: { eps: 1e-6 } };
});
