/** Batched matrix product. */
import { product } from "../../../kernels/rules.ts";
import type { Loops } from "../../region.ts";
import type { Access } from "../run.ts";
import { productLaunch } from "./gemm.ts";

export const matmul =
  ({ run, storage }: Access): Loops["matmul"] =>
  (out, a, b, transpose = {}) => {
    const { batch, m, n, k, shared } = product(a.shape, b.shape, transpose);
    const { ta = false, tb = false } = transpose;
    run(productLaunch({ batch, m, n, k, ta, tb, shared }, storage(a), storage(b)), out, a, b);
  };
