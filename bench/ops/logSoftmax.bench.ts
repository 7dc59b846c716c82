import { opBench, drawn, times, tiny, type OpBench } from "#deit/bench/opBench.js";
import { logSoftmax } from "#deit/ops/logSoftmax.js";

export const bench: OpBench = opBench(logSoftmax, [1, 8], (k, B) => {
  const { K } = tiny;
  return { title: times(B, K), inputs: { z: drawn(k, "z", B, K) }, attrs: undefined };
});
