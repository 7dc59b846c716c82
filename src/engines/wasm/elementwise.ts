/** One element in, one out: values made, combined and mapped. */
import { broadcast, type Spread } from "../../kernels/rules.ts";
import { axis, size, type Tensor } from "../../tensor/tensor.ts";
import type { ElementwiseLoops } from "../region.ts";
import type { Access } from "./access.ts";
import { COMPUTED, MOVED, rowsOf } from "./deal.ts";

const BYTES = 4;

/** How an operand goes with the rows of the output, as assembly/elementwise.ts numbers it. */
const WHOLE = 0;
const ROW = 1;
const NUMBER = 2;

const kinds: { readonly [S in Spread]: number } = { same: WHOLE, trailing: ROW, last1: NUMBER };

type BinaryKernel = "add" | "sub" | "mul" | "div";
type UnaryKernel = "square" | "sqrt" | "rsqrt" | "step" | "isFinite" | "expEach" | "logEach" | "normalCdfEach";

export function elementwise({ wasm, deal, at, view }: Access): ElementwiseLoops {
  const binary =
    (kernel: BinaryKernel) =>
    (out: Tensor, a: Tensor, b: Tensor): void => {
      const { spread, swapped } = broadcast(kernel, a.shape, b.shape);
      const total = size(out.shape);
      if (total === 0) return;
      const [to, x, y] = [at(out), at(a), at(b)];
      if (spread === "same")
        return deal(kernel, total, MOVED, (i, n) => [to + i * BYTES, x + i * BYTES, y + i * BYTES, 1, n, WHOLE, WHOLE]);
      const n = spread === "trailing" ? size((swapped ? a : b).shape) : axis(out.shape, -1);
      const kind = kinds[spread];
      const [kindOfA, kindOfB] = swapped ? [kind, WHOLE] : [WHOLE, kind];
      const steps = [n, 0, 1]; // by kind: numbers from one row's operand to the next one's
      const step = (k: number): number => (steps[k] ?? 0) * BYTES;
      deal(kernel, total / n, rowsOf(MOVED, n), (r, rows) => [
        to + r * n * BYTES,
        x + r * step(kindOfA),
        y + r * step(kindOfB),
        rows,
        n,
        kindOfA,
        kindOfB,
      ]);
    };
  const unary =
    (kernel: UnaryKernel, grain: number) =>
    (out: Tensor, x: Tensor): void => {
      const [to, from] = [at(out), at(x)];
      deal(kernel, size(x.shape), grain, (i, n) => [to + i * BYTES, from + i * BYTES, n]);
    };
  const withScalar =
    (kernel: "scale" | "addScalar") =>
    (out: Tensor, x: Tensor, scalar: number): void => {
      const [to, from] = [at(out), at(x)];
      deal(kernel, size(x.shape), MOVED, (i, n) => [to + i * BYTES, from + i * BYTES, n, scalar]);
    };

  return {
    upload: (out, _, values) => view(out).set(values),
    zeros: (out) => wasm.clear(at(out), size(out.shape)),
    uniform: (out, { words }) => wasm.uniform(at(out), size(out.shape), ...words),
    add: binary("add"),
    sub: binary("sub"),
    mul: binary("mul"),
    div: binary("div"),
    scale: withScalar("scale"),
    addScalar: withScalar("addScalar"),
    square: unary("square", MOVED),
    sqrt: unary("sqrt", MOVED),
    rsqrt: unary("rsqrt", MOVED),
    exp: unary("expEach", COMPUTED),
    log: unary("logEach", COMPUTED),
    normalCdf: unary("normalCdfEach", COMPUTED),
    step: unary("step", MOVED),
    isFinite: unary("isFinite", MOVED),
    where: (out, condition, a, b) => {
      const [to, which, x, y] = [at(out), at(condition), at(a), at(b)];
      const [kind, stride] = condition.shape.length === 0 ? [NUMBER, 0] : [WHOLE, BYTES];
      deal("where", size(out.shape), MOVED, (i, n) => [to + i * BYTES, which + i * stride, x + i * BYTES, y + i * BYTES, n, kind]);
    },
  };
}
