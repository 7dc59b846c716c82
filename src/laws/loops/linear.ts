/**
 * Linear layer by loops.
 *
 *         y_no = Σ_i x_ni W_oi + b_o                               n: any row of batch and tokens
 *
 *   (G1)  x̄_ni = Σ_o ȳ_no W_oi      W̄_oi = Σ_n ȳ_no x_ni      b̄_o = Σ_n ȳ_no
 */
import type { Host, HostArray } from "../../check/host.ts";
import type { LinearParams } from "../../ops/linear.ts";
import type { Layer } from "../../ops/op.ts";
import { axis } from "../../tensor/tensor.ts";
import { at, sum, tabulate } from "./matrix.ts";
import { asRows, reshaped } from "./rows.ts";

/** [..., I] → [..., O] */
export function linear(x: HostArray, { weight: W, bias: b }: Host<LinearParams>): HostArray {
  const [O = 0, I = 0] = W.shape;
  const X = asRows(x);
  const y = tabulate([axis(X.shape, 0), O], (n, o) => sum(I, (i) => at(X, n, i) * at(W, o, i)) + at(b, o));
  return reshaped(y, [...x.shape.slice(0, -1), O]);
}

/** (G1) */
export function linearVjp(x: HostArray, { weight: W }: Host<LinearParams>, dy: HostArray): Host<Layer<LinearParams>> {
  const [O = 0, I = 0] = W.shape;
  const [X, dY] = [asRows(x), asRows(dy)];
  const [rows = 0] = X.shape;
  const dX = tabulate([rows, I], (n, i) => sum(O, (o) => at(dY, n, o) * at(W, o, i)));
  const dW = tabulate([O, I], (o, i) => sum(rows, (n) => at(dY, n, o) * at(X, n, i)));
  const db = tabulate([O], (o) => sum(rows, (n) => at(dY, n, o)));
  return { x: reshaped(dX, x.shape), params: { weight: dW, bias: db } };
}
