import { drawn, opBench, times, tiny, type OpBench } from "#deit/bench/opBench.js";
import { attention } from "#deit/ops/attention.js";

/** Tokens of an image with sides of 384 pixels. */
const LARGE = 577;

export const bench: OpBench = opBench(attention, [[1, tiny.T] as const, [8, tiny.T] as const, [1, LARGE] as const], (k, [B, T]) => {
  const { h, d } = tiny;
  const head = (name: string): ReturnType<typeof drawn> => drawn(k, name, B, h, T, d);
  return { title: times(B, h, T, d), inputs: { q: head("q"), keys: head("k"), values: head("v") }, attrs: { dropout: null } };
});
