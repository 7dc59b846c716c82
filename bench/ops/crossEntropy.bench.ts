import { opBench, drawn, times, tiny, type OpBench } from "#deit/bench/opBench.js";
import { crossEntropy } from "#deit/losses/crossEntropy.js";

export const bench: OpBench = opBench(crossEntropy, [1, 8], (k, B) => {
  const { K } = tiny;
  const labels = k.upload(
    [B],
    Array.from({ length: B }, (_, b) => b),
  );
  return { title: times(B, K), inputs: { logits: drawn(k, "logits", B, K) }, attrs: { target: k.oneHot(labels, K) } };
});
