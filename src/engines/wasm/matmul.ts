/** Batched matrix multiplication. */
import { matmulSizes } from "../../kernels/rules.ts";
import type { Loops } from "../region.ts";
import type { Access } from "./access.ts";
import { parallelMatmul } from "./gemm.ts";

export const matmul =
  ({ parallelFor, at }: Access): Loops["matmul"] =>
  (out, a, b, transpose = {}) => {
    const { batch, m, n, k, shared } = matmulSizes(a.shape, b.shape, transpose);
    const { ta = false, tb = false } = transpose;
    parallelMatmul(parallelFor, { c: at(out), a: at(a), b: at(b), bias: 0, m, n, k, ta, tb }, batch, shared);
  };
