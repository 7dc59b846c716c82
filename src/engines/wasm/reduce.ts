/** Many elements in, one out; and the one-hot rows that undo a place. */
import { axis, size, type Tensor } from "../../tensor/tensor.ts";
import type { ReduceLoops } from "../region.ts";
import type { Access } from "./access.ts";
import { COMPUTED, MOVED, rowsOf } from "./deal.ts";

const BYTES = 4;

export function reduce({ wasm, deal, at, view }: Access): ReduceLoops {
  const sums = (out: Tensor, a: Tensor, factor: number): void => {
    const [to, from, n] = [at(out), at(a), axis(a.shape, -1)];
    deal("sumRows", size(out.shape), rowsOf(MOVED, n), (r, rows) => [to + r * BYTES, from + r * n * BYTES, rows, n, factor]);
  };
  const rowwise =
    (kernel: "maxRows" | "argmaxRows") =>
    (out: Tensor, a: Tensor): void => {
      const [to, from, n] = [at(out), at(a), axis(a.shape, -1)];
      deal(kernel, size(out.shape), rowsOf(COMPUTED, n), (r, rows) => [to + r * BYTES, from + r * n * BYTES, rows, n]);
    };
  return {
    sumLast: (out, a) => sums(out, a, 1),
    meanLast: (out, a) => sums(out, a, 1 / axis(a.shape, -1)),
    maxLast: rowwise("maxRows"),
    sumLeading: (out, a, count) => {
      const [to, from, rows, n] = [at(out), at(a), size(a.shape.slice(0, count)), size(out.shape)];
      deal("sumColumns", n, rowsOf(MOVED, rows), (j, columns) => [to + j * BYTES, from + j * BYTES, rows, columns, n]);
    },
    argmaxLast: rowwise("argmaxRows"),
    oneHot: (out, labels, classes) => {
      const wrong = wasm.oneHot(at(out), at(labels), size(labels.shape), classes);
      if (wrong >= 0) throw new RangeError(`oneHot: label ${view(labels)[wrong]} at ${wrong} is not one of 0 … ${classes - 1}`);
    },
  };
}
