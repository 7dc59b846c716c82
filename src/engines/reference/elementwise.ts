/** Kernels that compute each element of the output by itself: they make, combine or map numbers. */
import { broadcast } from "../../kernels/rules.ts";
import { uniformAt } from "../../tensor/key.ts";
import { axis, type Tensor } from "../../tensor/tensor.ts";
import type { ElementwiseLoops } from "../region.ts";
import type { Data } from "./data.ts";
import { normalCdf } from "./normal.ts";

export function elementwise(data: Data): ElementwiseLoops {
  const map =
    (f: (x: number) => number) =>
    (out: Tensor, a: Tensor): void => {
      const [o, x] = [data(out), data(a)];
      for (let i = 0; i < o.length; i++) o[i] = f(x[i]!);
    };

  const zip =
    (kernel: string, f: (x: number, y: number) => number) =>
    (out: Tensor, a: Tensor, b: Tensor): void => {
      const { spread, swapped } = broadcast(kernel, a.shape, b.shape);
      const [o, x, y] = [data(out), data(a), data(b)];
      const small = swapped ? x : y;
      const D = axis(out.shape, -1);
      for (let i = 0; i < o.length; i++) {
        const j = spread === "same" ? i : spread === "trailing" ? i % small.length : Math.floor(i / D);
        o[i] = swapped ? f(x[j]!, y[i]!) : f(x[i]!, y[j]!);
      }
    };

  return {
    upload: (out, _, values) => data(out).set(values),
    zeros: (out) => {
      data(out).fill(0);
    },
    uniform: (out, key) => {
      const o = data(out);
      for (let i = 0; i < o.length; i++) o[i] = uniformAt(key, i);
    },
    add: zip("add", (x, y) => x + y),
    sub: zip("sub", (x, y) => x - y),
    mul: zip("mul", (x, y) => x * y),
    div: zip("div", (x, y) => x / y),
    scale: (out, a, factor) => map((x) => x * factor)(out, a),
    addScalar: (out, a, term) => map((x) => x + term)(out, a),
    square: map((x) => x * x),
    sqrt: map(Math.sqrt),
    rsqrt: map((x) => 1 / Math.sqrt(x)),
    exp: map(Math.exp),
    log: map(Math.log),
    normalCdf: map(normalCdf),
    step: map((x) => (x >= 0 ? 1 : 0)),
    isFinite: map((x) => (Number.isFinite(x) ? 1 : 0)),
    where: (out, condition, a, b) => {
      const [o, c, x, y] = [data(out), data(condition), data(a), data(b)];
      const stride = condition.shape.length === 0 ? 0 : 1;
      for (let i = 0; i < o.length; i++) o[i] = c[i * stride] !== 0 ? x[i]! : y[i]!;
    },
  };
}
