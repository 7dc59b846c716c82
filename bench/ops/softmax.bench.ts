import { opBench, drawn, times, tiny, type OpBench } from "#deit/bench/opBench.js";
import { softmax } from "#deit/ops/softmax.js";

/** The attention weights of a block. */
export const bench: OpBench = opBench(softmax, [1, 8], (k, B) => {
  const { T, h } = tiny;
  return { title: times(B, h, T, T), inputs: { z: drawn(k, "z", B, h, T, T) }, attrs: undefined };
});
