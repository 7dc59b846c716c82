/** Batched matrix product. */
import { product } from "../../kernels/rules.ts";
import type { Loops } from "../region.ts";
import type { Access } from "./access.ts";

export const matmul =
  ({ wasm, at }: Access): Loops["matmul"] =>
  (out, a, b, transpose = {}) => {
    const { batch, m, n, k, shared } = product(a.shape, b.shape, transpose);
    const { ta = false, tb = false } = transpose;
    wasm.matmul(at(out), at(a), at(b), batch, m, n, k, ta, tb, shared);
  };
