/**
 * Linear layer (G1): three products, the bias added where the first is made.
 *
 * Where products are of f16, the weight is rounded once and kept beside itself, for the forward and the pullback, and in inference for as long as
 * it lives. In training AdamW writes it in place, and what was kept is gone.
 */
import { linear } from "../../../ops/linear.ts";
import { fuse } from "../../../ops/observe.ts";
import { axis, size, type Tensor } from "../../../tensor/tensor.ts";
import { columnSums } from "../kernels/columns.ts";
import { EACH_PAIR, eachPair } from "../kernels/elementwise.ts";
import { multiplier, type Halves } from "../kernels/gemm/multiply.ts";
import { program, variants, type Program, type Storage } from "../program.ts";
import { rowsOf, takeActivation, type FusedKernel } from "./kernel.ts";

const HALF_BYTES = 2;

const roundProgram: Program = program({
  name: "round",
  tensors: { halves: "f16", numbers: "f32" },
  params: { n: "u32" },
  workgroup: [256, 1, 1],
  main: `${EACH_PAIR}  store2_halves(pair, load2_numbers(pair));`,
});

/** b̄ = Σ ȳ */
const dBiasSums = variants((ofDy: Storage) => columnSums({ name: "linear", tensors: { dy: ofDy }, terms: ["load_dy(i)"] }));

export const linearKernel: FusedKernel = (access, heap) => {
  const { precision, run, storage } = access;
  const multiply = multiplier(access);

  const asFactor = (weight: Tensor): Tensor | Halves => {
    if (precision === "f32" || storage(weight) === "f16") return weight;
    const { fresh, ...halves } = heap.keep(weight, weight.shape, HALF_BYTES);
    const n = size(weight.shape);
    if (fresh) run({ program: roundProgram, params: [n], groups: eachPair(n) }, halves, weight);
    return halves;
  };

  const kernel: typeof linear = {
    name: linear.name,
    forward: (_, { x, params: { weight, bias } }) => {
      const [rows, I, O] = [rowsOf(x.shape), axis(x.shape, -1), axis(weight.shape, 0)];
      const y = takeActivation(access, heap, [...x.shape.slice(0, -1), O]);
      const product = { batch: 1, m: rows, n: O, k: I, ta: false, tb: true, shared: true };
      multiply(y, { a: x, b: asFactor(weight), bias, scale: 1 }, product);
      heap.count(rows * I * O);
      return { out: y, saved: { x, weight } };
    },
    vjp: (_, { x, weight }, dy) => {
      const [rows, I, O] = [rowsOf(x.shape), axis(x.shape, -1), axis(weight.shape, 0)];
      const [dx, dWeight, dBias] = [takeActivation(access, heap, x.shape), heap.take(weight.shape), heap.take([O])];
      const both = { batch: 1, bias: null, scale: 1, tb: false, shared: true };
      dBiasSums(storage(dy))(access, rows, O, [dBias], [dy]);
      multiply(dWeight, { ...both, a: dy, b: x }, { ...both, m: O, n: I, k: rows, ta: true });
      multiply(dx, { ...both, a: dy, b: asFactor(weight) }, { ...both, m: rows, n: I, k: O, ta: false });
      heap.count(2 * rows * I * O);
      return { x: dx, params: { weight: dWeight, bias: dBias } };
    },
  };
  return fuse(linear, kernel);
};
