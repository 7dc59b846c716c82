import { opBench, drawn, times, tiny, type OpBench } from "#deit/bench/opBench.js";
import { mergeHeads } from "#deit/ops/splitHeads.js";

export const bench: OpBench = opBench(mergeHeads, [1, 8], (k, B) => {
  const { h, T, d } = tiny;
  return { title: times(B, h, T, d), inputs: { o: drawn(k, "heads", B, h, T, d) }, attrs: undefined };
});
