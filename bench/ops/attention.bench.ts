import { opBench, drawn, times, tiny, type OpBench } from "#deit/bench/opBench.js";
import { attention } from "#deit/ops/attention.js";

export const bench: OpBench = opBench(attention, [1, 8], (k, B) => {
  const { h, T, d } = tiny;
  const head = (name: string): ReturnType<typeof drawn> => drawn(k, name, B, h, T, d);
  return { title: times(B, h, T, d), inputs: { q: head("q"), k: head("k"), v: head("v") }, attrs: { dropout: null } };
});
