/** The scores of attention (E7), (G12) as a matrix, where attention runs by its definition: matrix multiplications that scale their sums. */
import { scores } from "../../../ops/attention.ts";
import { fuse } from "../../../ops/observe.ts";
import { axis, size, type Tensor } from "../../../tensor/tensor.ts";
import { matrixMultiplier } from "../kernels/gemm/multiply.ts";
import type { FusedKernel } from "./kernel.ts";

export const scoresKernel: FusedKernel = (access, { take, count }) => {
  const multiply = matrixMultiplier(access);
  const sizesOf = (q: Tensor, keys: Tensor): { readonly batch: number; readonly N: number; readonly K: number; readonly d: number } => ({
    batch: size(q.shape.slice(0, -2)),
    N: axis(q.shape, -2),
    K: axis(keys.shape, -2),
    d: axis(q.shape, -1),
  });
  const kernel: typeof scores = {
    name: scores.name,
    forward: (_, { q, keys }) => {
      const { batch, N, K, d } = sizesOf(q, keys);
      const S = take([...q.shape.slice(0, -1), K]);
      multiply(S, { a: q, b: keys, bias: null, scale: d ** -0.5 }, { batch, m: N, n: K, k: d, ta: false, tb: true, shared: false });
      count(batch * N * K * d);
      return { out: S, saved: { q, keys } };
    },
    vjp: (_, { q, keys }, dS) => {
      const { batch, N, K, d } = sizesOf(q, keys);
      const [dq, dk] = [take(q.shape), take(keys.shape)];
      const scaled = { bias: null, scale: d ** -0.5 };
      multiply(dq, { ...scaled, a: dS, b: keys }, { batch, m: N, n: d, k: K, ta: false, tb: false, shared: false });
      multiply(dk, { ...scaled, a: dS, b: q }, { batch, m: K, n: d, k: N, ta: true, tb: false, shared: false });
      count(2 * batch * N * K * d);
      return { q: dq, keys: dk };
    },
  };
  return fuse(scores, kernel);
};
