/**
 * Softmax over the last axis. Subtracting the maximum first does not change the result, and keeps exp finite.
 *
 *         s = σ(z) = exp(z − max z) / Σ exp(z − max z)
 *
 *   (G2)  z̄ = s ⊙ (s̄ − ⟨s̄, s⟩)
 */
import type { Kernels } from "../kernels/kernels.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { defineOp, type Grads, type Op, type Result } from "./op.ts";

/** What `softmax` differentiates. */
export interface SoftmaxInputs {
  /** [..., K] */
  readonly z: Tensor;
}

/** What the VJP of `softmax` reads. */
export interface SoftmaxSaved {
  /** The output. */
  readonly s: Tensor;
}

function forward(k: Kernels, { z }: SoftmaxInputs): Result<Tensor, SoftmaxSaved> {
  const e = k.exp(k.sub(z, k.maxLast(z)));
  const s = k.div(e, k.sumLast(e));
  return { out: s, saved: { s } };
}

function vjp(k: Kernels, { s }: SoftmaxSaved, ds: Tensor): Grads<SoftmaxInputs> {
  const dz = k.mul(s, k.sub(ds, k.sumLast(k.mul(ds, s)))); //     (G2)
  return { z: dz };
}

/** [..., K] → [..., K], each row a distribution. */
export const softmax: Op<SoftmaxInputs, SoftmaxSaved> = defineOp({
  name: "softmax",
  shapes: { inputs: { z: "... K" }, saved: { s: "... K" }, out: "... K" },
  forward,
  vjp,
});
