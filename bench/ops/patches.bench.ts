import { opBench, drawn, times, tiny, type OpBench } from "#deit/bench/opBench.js";
import { patches } from "#deit/ops/patches.js";

export const bench: OpBench = opBench(patches, [1, 8], (k, B) => {
  const { S, p } = tiny;
  return { title: times(B, 3, S, S), inputs: { images: drawn(k, "images", B, 3, S, S) }, attrs: { patchSize: p } };
});
