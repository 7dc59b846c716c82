/** Batched matrix product. */
import { product } from "../../kernels/rules.ts";
import type { Loops } from "../region.ts";
import type { Access } from "./access.ts";
import { dealMatmul } from "./products.ts";

export const matmul =
  ({ deal, at }: Access): Loops["matmul"] =>
  (out, a, b, transpose = {}) => {
    const { batch, m, n, k, shared } = product(a.shape, b.shape, transpose);
    const { ta = false, tb = false } = transpose;
    dealMatmul(deal, { c: at(out), a: at(a), b: at(b), bias: 0, m, n, k, ta, tb }, batch, shared);
  };
