import { bytesMoved, drawn, times, tiny, type OpBench } from "#deit/bench/opBench.js";
import type { Tensor } from "#deit/tensor/tensor.js";
import { unscaledLeaf } from "#deit/train/optimizer/lossScale.js";

/** The gradient of a block's fc1. Each run consumes it and gets a new one, which is not timed. */
export const bench: OpBench = {
  name: unscaledLeaf.name,
  cases: (k) => {
    const { M, D } = tiny;
    const [source, inverse] = [drawn(k, "grad", M, D), k.upload([], [2 ** -16])];
    const grads: Tensor[] = [];
    const before = (): void => void grads.push(k.scale(source, 1));
    const run = (): void => {
      for (const grad of grads.splice(0)) k.donate(unscaledLeaf.run(k, { grad, inverse }));
    };
    return [{ title: times(M, D), phase: "run", bytes: 2 * bytesMoved(source, null), work: { before, run } }];
  },
};
