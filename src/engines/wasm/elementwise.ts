/** One element in, one out: values made, combined and mapped. */
import { broadcast, type Spread } from "../../kernels/rules.ts";
import { axis, size, type Tensor } from "../../tensor/tensor.ts";
import type { ElementwiseLoops } from "../region.ts";
import type { Access } from "./access.ts";

/** How an operand goes with the rows of the output, as assembly/elementwise.ts numbers it. */
const WHOLE = 0;
const ROW = 1;
const NUMBER = 2;

const kinds: { readonly [S in Spread]: number } = { same: WHOLE, trailing: ROW, last1: NUMBER };

type BinaryKernel = (out: number, a: number, b: number, rows: number, n: number, kindOfA: number, kindOfB: number) => void;
type UnaryKernel = (out: number, x: number, n: number) => void;

export function elementwise({ wasm, at, view }: Access): ElementwiseLoops {
  const binary =
    (kernel: string, run: BinaryKernel) =>
    (out: Tensor, a: Tensor, b: Tensor): void => {
      const { spread, swapped } = broadcast(kernel, a.shape, b.shape);
      const total = size(out.shape);
      if (total === 0) return;
      const n = { same: total, trailing: size((swapped ? a : b).shape), last1: axis(out.shape, -1) }[spread];
      const kind = kinds[spread];
      run(at(out), at(a), at(b), total / n, n, swapped ? kind : WHOLE, swapped ? WHOLE : kind);
    };
  const unary =
    (run: UnaryKernel) =>
    (out: Tensor, x: Tensor): void =>
      run(at(out), at(x), size(x.shape));

  return {
    upload: (out, _, values) => view(out).set(values),
    zeros: (out) => wasm.clear(at(out), size(out.shape)),
    uniform: (out, { words }) => wasm.uniform(at(out), size(out.shape), ...words),
    add: binary("add", wasm.add),
    sub: binary("sub", wasm.sub),
    mul: binary("mul", wasm.mul),
    div: binary("div", wasm.div),
    scale: (out, x, factor) => wasm.scale(at(out), at(x), size(x.shape), factor),
    addScalar: (out, x, term) => wasm.addScalar(at(out), at(x), size(x.shape), term),
    square: unary(wasm.square),
    sqrt: unary(wasm.sqrt),
    rsqrt: unary(wasm.rsqrt),
    exp: unary(wasm.expEach),
    log: unary(wasm.logEach),
    normalCdf: unary(wasm.normalCdfEach),
    step: unary(wasm.step),
  };
}
