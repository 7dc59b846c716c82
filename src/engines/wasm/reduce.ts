/** Kernels that compute one number from many, and the one-hot rows of class indices. */
import { axis, size, type Tensor } from "../../tensor/tensor.ts";
import { F32_BYTES } from "../heap.ts";
import type { ReduceLoops } from "../region.ts";
import type { Access } from "./access.ts";
import { COMPUTED_PER_CHUNK, MOVED_PER_CHUNK, rowsFor } from "./parallelFor.ts";

export function reduce({ wasm, parallelFor, at, view }: Access): ReduceLoops {
  const sums = (out: Tensor, a: Tensor, factor: number): void => {
    const [to, from, n] = [at(out), at(a), axis(a.shape, -1)];
    parallelFor("sumRows", size(out.shape), rowsFor(MOVED_PER_CHUNK, n), (r, rows) => {
      return [to + r * F32_BYTES, from + r * n * F32_BYTES, rows, n, factor];
    });
  };
  const rowwise =
    (kernel: "maxRows" | "argmaxRows") =>
    (out: Tensor, a: Tensor): void => {
      const [to, from, n] = [at(out), at(a), axis(a.shape, -1)];
      parallelFor(kernel, size(out.shape), rowsFor(COMPUTED_PER_CHUNK, n), (r, rows) => {
        return [to + r * F32_BYTES, from + r * n * F32_BYTES, rows, n];
      });
    };
  return {
    sumLast: (out, a) => sums(out, a, 1),
    meanLast: (out, a) => sums(out, a, 1 / axis(a.shape, -1)),
    maxLast: rowwise("maxRows"),
    sumLeading: (out, a, count) => {
      const [to, from, rows, n] = [at(out), at(a), size(a.shape.slice(0, count)), size(out.shape)];
      parallelFor("sumColumns", n, rowsFor(MOVED_PER_CHUNK, rows), (j, columns) => {
        return [to + j * F32_BYTES, from + j * F32_BYTES, rows, columns, n];
      });
    },
    argmaxLast: rowwise("argmaxRows"),
    oneHot: (out, labels, classes) => {
      const wrong = wasm.oneHot(at(out), at(labels), size(labels.shape), classes);
      if (wrong >= 0) throw new RangeError(`oneHot: label ${view(labels)[wrong]} at ${wrong} is not one of 0 … ${classes - 1}`);
    },
  };
}
