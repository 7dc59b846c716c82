import { bytesMoved, drawn, dropped, times, tiny, type OpBench, type OpCase } from "#deit/bench/opBench.js";
import type { Tensor } from "#deit/tensor/tensor.js";

/** The basis kernels isFinite and where, on a gradient of a block's fc1. */
export const bench: OpBench = {
  name: "choice",
  cases: (k) => {
    const { M, D } = tiny;
    const [condition, a, b] = [drawn(k, "condition", M, D), drawn(k, "a", M, D), drawn(k, "b", M, D)];
    const forAll = k.upload([], [1]);
    const row = (kernel: string, given: readonly Tensor[], run: () => Tensor): OpCase => ({
      title: `${kernel} ${times(M, D)}`,
      phase: "run",
      bytes: k.region("bytes", () => bytesMoved(given, run())),
      work: { run: dropped(k, run) },
    });
    return [
      row("isFinite", [a], () => k.isFinite(a)),
      row("where", [condition, a, b], () => k.where(condition, a, b)),
      row("where, one for all", [a], () => k.where(forAll, a, b)),
    ];
  },
};
