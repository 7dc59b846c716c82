/**
 * Linear layer (G1): three matrix multiplications. The first adds the bias in its epilogue; that of W̄ = ȳᵀ x adds up ȳ as it reads it, which is b̄.
 *
 * With factors in f16, forward and VJP read a copy of the weight that is kept with it (f16Copy.ts).
 */
import { linear } from "../../../ops/linear.ts";
import { fuse } from "../../../ops/observe.ts";
import { axis, type Tensor } from "../../../tensor/tensor.ts";
import { columnSums } from "../kernels/columns.ts";
import { matrixMultiplier, type F16Copy } from "../kernels/gemm/multiply.ts";
import type { Storage } from "../accessors.ts";
import { memoized } from "../program.ts";
import { f16CopyOf } from "./f16Copy.ts";
import { rowsOf, takeActivation, type FusedKernel } from "./kernel.ts";

/** b̄ = Σ ȳ, where W̄ reads ȳ rounded */
const dBiasSums = memoized((ofDy: Storage) => columnSums({ name: "linear", tensors: { dy: ofDy }, terms: [({ i }) => `load_dy(${i})`] }));

export const linearKernel: FusedKernel = (access, heap) => {
  const { precision, storage } = access;
  const multiply = matrixMultiplier(access);

  const asFactor = (weight: Tensor): Tensor | F16Copy => {
    if (precision === "f32" || storage(weight) === "f16") return weight;
    return f16CopyOf(access, heap, weight);
  };

  const kernel: typeof linear = {
    name: linear.name,
    forward: (_, { x, params: { weight, bias } }) => {
      const [rows, I, O] = [rowsOf(x.shape), axis(x.shape, -1), axis(weight.shape, 0)];
      const y = takeActivation(access, heap, [...x.shape.slice(0, -1), O]);
      const shape = { batch: 1, m: rows, n: O, k: I, ta: false, tb: true, shared: true };
      multiply(y, { a: x, b: asFactor(weight), bias, scale: 1 }, shape);
      heap.count(rows * I * O);
      return { out: y, saved: { x, weight } };
    },
    vjp: (_, { x, weight }, dy) => {
      const [rows, I, O] = [rowsOf(x.shape), axis(x.shape, -1), axis(weight.shape, 0)];
      const [dx, dWeight, dBias] = [takeActivation(access, heap, x.shape), heap.take(weight.shape), heap.take([O])];
      const both = { batch: 1, bias: null, scale: 1, tb: false, shared: true };
      const asRead = storage(dy) === precision;
      if (!asRead) dBiasSums(storage(dy))(access, rows, O, [dBias], [dy]);
      multiply(dWeight, { ...both, a: dy, b: x, ...(asRead ? { rowSums: dBias } : {}) }, { ...both, m: O, n: I, k: rows, ta: true });
      multiply(dx, { ...both, a: dy, b: asFactor(weight) }, { ...both, m: rows, n: I, k: O, ta: false });
      heap.count(2 * rows * I * O);
      return { x: dx, params: { weight: dWeight, bias: dBias } };
    },
  };
  return fuse(linear, kernel);
};
