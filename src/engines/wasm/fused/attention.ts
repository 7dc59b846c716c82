/**
 * The attention core (E7, G12), without a matrix of all scores in memory. With dropout, or with very wide heads, it runs by its definition.
 */
import { attention } from "../../../ops/attention.ts";
import type { DropoutAttrs } from "../../../ops/dropout.ts";
import { fuse, withoutFusion } from "../../../ops/observe.ts";
import { axis, size, type Tensor } from "../../../tensor/tensor.ts";
import { F32_BYTES } from "../../heap.ts";
import type { FusedKernel } from "./kernel.ts";

/** Columns of the widest head whose blocks the scratch has room for (assembly/attention.ts). */
const WIDEST_HEAD = 1024;

/** Queries that are worth a chunk of their own: each chunk transposes the values of its head once more. */
const QUERIES_PER_CHUNK = 48;

const hasKernel = (q: Tensor, dropout: DropoutAttrs | null): boolean => dropout === null && axis(q.shape, -1) <= WIDEST_HEAD;

interface Sizes {
  readonly heads: number;
  readonly queries: number;
  readonly keys: number;
  readonly d: number;
}

const sizesOf = (q: Tensor, keys: Tensor): Sizes => ({
  heads: size(q.shape.slice(0, -2)),
  queries: axis(q.shape, -2),
  keys: axis(keys.shape, -2),
  d: axis(q.shape, -1),
});

export const attentionKernel: FusedKernel = (parallelFor, { take, address: at, count }) => {
  const kernel: typeof attention = {
    name: attention.name,
    forward: (k, { q, keys, values }, { dropout }) => {
      if (!hasKernel(q, dropout)) return attention.forward(withoutFusion(k, attention), { q, keys, values }, { dropout });
      const { heads, queries: Tq, keys: Tk, d } = sizesOf(q, keys);
      const [o, logSum] = [take(q.shape), take([...q.shape.slice(0, -1), 1])];
      parallelFor("attention", heads * Tq, QUERIES_PER_CHUNK, (i, some) => {
        return [at(o), at(logSum), at(q), at(keys), at(values), Tq, Tk, d, i, some];
      });
      count(2 * heads * Tq * Tk * d);
      return { out: o, saved: { q, keys, values, out: o, logSum, dropout } };
    },
    vjp: (k, saved, dO) => {
      const { q, keys, values, out, logSum, dropout } = saved;
      if (!hasKernel(q, dropout)) return attention.vjp(withoutFusion(k, attention), saved, dO);
      const { heads, queries: Tq, keys: Tk, d } = sizesOf(q, keys);
      const [dq, dk, dv] = [take(q.shape), take(keys.shape), take(values.shape)];
      parallelFor("attentionVjp", heads, 1, (h, some) => {
        const [toSums, toQueries, toKeys] = [h * Tq * F32_BYTES, h * Tq * d * F32_BYTES, h * Tk * d * F32_BYTES];
        const gradients = [at(dq) + toQueries, at(dk) + toKeys, at(dv) + toKeys] as const;
        const inputs = [at(q) + toQueries, at(keys) + toKeys, at(values) + toKeys] as const;
        return [...gradients, ...inputs, at(out) + toQueries, at(logSum) + toSums, at(dO) + toQueries, some, Tq, Tk, d];
      });
      count(5 * heads * Tq * Tk * d); // the scores are computed again
      return { q: dq, keys: dk, values: dv };
    },
  };
  return fuse(attention, kernel);
};
