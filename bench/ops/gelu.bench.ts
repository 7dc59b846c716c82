import { opBench, drawn, times, tiny, type OpBench } from "#deit/bench/opBench.js";
import { gelu } from "#deit/ops/gelu.js";

export const bench: OpBench = opBench(gelu, [1, 8], (k, B) => {
  const { T, M } = tiny;
  return { title: times(B, T, M), inputs: { x: drawn(k, "x", B, T, M) }, attrs: undefined };
});
