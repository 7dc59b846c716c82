/** Batched matrix multiplication. */
import { matmulSizes } from "../../../kernels/rules.ts";
import type { Loops } from "../../region.ts";
import type { Access } from "../run.ts";
import { matrixMultiplier } from "./gemm/multiply.ts";

export function matmul(access: Access): Loops["matmul"] {
  const multiply = matrixMultiplier(access);
  return (out, a, b, transpose = {}) => {
    const { batch, m, n, k, shared } = matmulSizes(a.shape, b.shape, transpose);
    const { ta = false, tb = false } = transpose;
    multiply(out, { a, b, bias: null, scale: 1 }, { batch, m, n, k, ta, tb, shared });
  };
}
