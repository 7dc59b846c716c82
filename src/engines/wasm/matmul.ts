/** Batched matrix product. */
import { product } from "../../kernels/rules.ts";
import type { Loops } from "../region.ts";
import type { Access } from "./access.ts";
import { dealGemm } from "./products.ts";

const BYTES = 4;
/** Multiply–adds that are worth a part of their own. */
const MACS = 2 ** 20;

export const matmul =
  ({ deal, at }: Access): Loops["matmul"] =>
  (out, a, b, transpose = {}) => {
    const { batch, m, n, k, shared } = product(a.shape, b.shape, transpose);
    const { ta = false, tb = false } = transpose;
    const [c, x, y] = [at(out), at(a), at(b)];
    if (batch === 1) return dealGemm(deal, { c, a: x, b: y, bias: 0, m, n, k, ta, tb });
    if (shared && !ta) return dealGemm(deal, { c, a: x, b: y, bias: 0, m: batch * m, n, k, ta, tb }); // the rows of all are one matrix
    deal("matmul", batch, Math.ceil(MACS / Math.max(1, m * n * k)), (start, count) => [
      c + start * m * n * BYTES,
      x + start * m * k * BYTES,
      y + (shared ? 0 : start * k * n * BYTES),
      count,
      m,
      n,
      k,
      ta,
      tb,
      shared,
    ]);
  };
