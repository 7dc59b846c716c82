import { bytesMoved, drawn, times, tiny, type OpBench } from "#deit/bench/opBench.js";
import type { Tensor } from "#deit/tensor/tensor.js";
import { adamwLeaf } from "#deit/train/optimizer/adamw.js";

/** The weight of a block's fc1. A step consumes its gradient, so each run gets a new one, which is not timed. */
export const bench: OpBench = {
  name: adamwLeaf.name,
  cases: (k) => {
    const { M, D } = tiny;
    const attrs = { lr: 5e-4, beta1: 0.9, beta2: 0.999, eps: 1e-8, weightDecay: 0.05 };
    const corrections = { rate: k.upload([], [5e-4 / 0.1]), unbias: k.upload([], [1 / Math.sqrt(0.001)]) };
    let leaf = { theta: drawn(k, "theta", M, D), m: k.zeros([M, D]), v: k.zeros([M, D]) };
    const source = drawn(k, "grad", M, D);
    const grads: Tensor[] = [];
    const before = (): void => void grads.push(k.scale(source, 1));
    const run = (): void => {
      for (const grad of grads.splice(0)) leaf = adamwLeaf.run(k, { ...leaf, ...corrections, grad, finite: null }, attrs);
    };
    const bytes = bytesMoved({ ...leaf, source }, null) + bytesMoved(null, leaf); // everything is read, the state is written
    return [{ title: times(M, D), phase: "run", bytes, work: { before, run } }];
  },
};
