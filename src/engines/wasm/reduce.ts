/** Many elements in, one out; and the one-hot rows that undo a place. */
import { axis, size, type Tensor } from "../../tensor/tensor.ts";
import type { ReduceLoops } from "../region.ts";
import type { Access } from "./access.ts";

export function reduce({ wasm, at, view }: Access): ReduceLoops {
  const rows = (out: Tensor, a: Tensor): readonly [out: number, a: number, rows: number, n: number] => [
    at(out),
    at(a),
    size(out.shape),
    axis(a.shape, -1),
  ];
  return {
    sumLast: (out, a) => wasm.sumRows(...rows(out, a), 1),
    meanLast: (out, a) => wasm.sumRows(...rows(out, a), 1 / axis(a.shape, -1)),
    maxLast: (out, a) => wasm.maxRows(...rows(out, a)),
    sumLeading: (out, a, count) => wasm.sumColumns(at(out), at(a), size(a.shape.slice(0, count)), size(out.shape)),
    argmaxLast: (out, a) => wasm.argmaxRows(...rows(out, a)),
    oneHot: (out, labels, classes) => {
      const wrong = wasm.oneHot(at(out), at(labels), size(labels.shape), classes);
      if (wrong >= 0) throw new RangeError(`oneHot: label ${view(labels)[wrong]} at ${wrong} is not one of 0 … ${classes - 1}`);
    },
  };
}
