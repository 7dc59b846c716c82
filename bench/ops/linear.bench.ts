import { opBench, drawn, times, tiny, type OpBench } from "#deit/bench/opBench.js";
import { linear } from "#deit/ops/linear.js";

/** fc1 of a block. */
export const bench: OpBench = opBench(linear, [1, 8], (k, B) => {
  const { T, D, M } = tiny;
  const inputs = { x: drawn(k, "x", B, T, D), params: { weight: drawn(k, "weight", M, D), bias: drawn(k, "bias", M) } };
  return { title: `${times(B, T, D)} → ${M}`, inputs, attrs: undefined };
});
