/** Kernels that compute one number from many: sums, means, maxima and their places; and the one-hot rows of class indices. */
import { axis, type Tensor } from "../../tensor/tensor.ts";
import type { ReduceLoops } from "../region.ts";
import type { Data } from "./data.ts";

export function reduce(data: Data): ReduceLoops {
  /** Folds each row of the last axis with f, from left to right. */
  const rows =
    (start: number, f: (sum: number, x: number) => number, end: (sum: number, D: number) => number) =>
    (out: Tensor, a: Tensor): void => {
      const [o, x, D] = [data(out), data(a), axis(a.shape, -1)];
      for (let row = 0; row < o.length; row++) {
        let sum = start;
        for (let j = 0; j < D; j++) sum = f(sum, x[row * D + j]!);
        o[row] = end(sum, D);
      }
    };

  return {
    sumLast: rows(
      0,
      (sum, x) => sum + x,
      (sum) => sum,
    ),
    meanLast: rows(
      0,
      (sum, x) => sum + x,
      (sum, D) => sum / D,
    ),
    maxLast: rows(-Infinity, Math.max, (most) => most),
    sumLeading: (out, a) => {
      const [o, x] = [data(out), data(a)];
      o.fill(0);
      for (let i = 0; i < x.length; i++) o[i % o.length]! += x[i]!;
    },
    argmaxLast: (out, a) => {
      const [o, x, K] = [data(out), data(a), axis(a.shape, -1)];
      for (let row = 0; row < o.length; row++) {
        let best = 0;
        for (let j = 1; j < K; j++) if (x[row * K + j]! > x[row * K + best]!) best = j;
        o[row] = best;
      }
    },
    oneHot: (out, labels, classes) => {
      const [o, x] = [data(out), data(labels)];
      o.fill(0);
      for (let i = 0; i < x.length; i++) {
        const label = x[i]!;
        if (!(Number.isInteger(label) && label >= 0 && label < classes))
          throw new RangeError(`oneHot: label ${label} at ${i} is not one of 0 … ${classes - 1}`);
        o[i * classes + label] = 1;
      }
    },
  };
}
