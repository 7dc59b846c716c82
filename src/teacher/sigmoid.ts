/**
 * Logistic function, without overflow on either side.
 *
 *          g = 1/(1 + exp(−u)) = (1 where u ≥ 0, e where u < 0)/(1 + e)      e = exp(−|u|) ≤ 1
 *
 *   (G21)  ū = ḡ g(1 − g),     g(1 − g) = e/(1 + e)²                         nothing cancels where g is near 1
 */
import type { Kernels } from "../kernels/kernels.ts";
import { defineOp, type Op } from "../ops/op.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** What `sigmoid` differentiates. */
export interface SigmoidInputs {
  /** Any shape. */
  readonly u: Tensor;
}

/** exp(−|u|), and 1 where u ≥ 0, else 0. */
function decay(k: Kernels, u: Tensor): { readonly e: Tensor; readonly right: Tensor } {
  const right = k.step(u);
  const sign = k.addScalar(k.scale(right, 2), -1);
  return { e: k.exp(k.scale(k.mul(u, sign), -1)), right };
}

/** [...] → [...], each in (0, 1). */
export const sigmoid: Op<SigmoidInputs, SigmoidInputs> = defineOp({
  name: "sigmoid",
  shapes: { inputs: { u: "..." }, saved: { u: "..." }, out: "..." },
  forward(k, { u }) {
    const { e, right } = decay(k, u);
    const left = k.addScalar(k.scale(right, -1), 1);
    const g = k.div(k.add(right, k.mul(left, e)), k.addScalar(e, 1));
    return { out: g, saved: { u } };
  },
  vjp(k, { u }, dg) {
    const { e } = decay(k, u);
    return { u: k.mul(dg, k.div(e, k.square(k.addScalar(e, 1)))) }; // (G21)
  },
});
