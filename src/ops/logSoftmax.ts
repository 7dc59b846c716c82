/**
 * Log-softmax over the last axis, in nats. It is finite for every finite z; the logarithm of softmax is not, since softmax underflows.
 *
 *   (E18)  ℓ(z) = z − max(z) − log Σ exp(z − max(z))
 *
 *   (G3)   z̄ = ℓ̄ − σ(z) ⊙ ⟨ℓ̄, 1⟩
 */
import type { Kernels } from "../kernels/kernels.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { defineOp, type Grads, type Op, type Result } from "./op.ts";

/** What `logSoftmax` differentiates. */
export interface LogSoftmaxInputs {
  /** [..., K] */
  readonly z: Tensor;
}

/** What the VJP of `logSoftmax` reads. */
export interface LogSoftmaxSaved {
  /** The output: σ(z) = exp(ℓ). */
  readonly logProbs: Tensor;
}

function forward(k: Kernels, { z }: LogSoftmaxInputs): Result<Tensor, LogSoftmaxSaved> {
  const shifted = k.sub(z, k.maxLast(z));
  const logProbs = k.sub(shifted, k.log(k.sumLast(k.exp(shifted)))); //   (E18)
  return { out: logProbs, saved: { logProbs } };
}

function vjp(k: Kernels, { logProbs }: LogSoftmaxSaved, dLogProbs: Tensor): Grads<LogSoftmaxInputs> {
  const dz = k.sub(dLogProbs, k.mul(k.exp(logProbs), k.sumLast(dLogProbs))); // (G3)
  return { z: dz };
}

/** [..., K] → [..., K], the logarithms of a distribution. */
export const logSoftmax: Op<LogSoftmaxInputs, LogSoftmaxSaved> = defineOp({
  name: "logSoftmax",
  shapes: { inputs: { z: "... K" }, saved: { logProbs: "... K" }, out: "... K" },
  forward,
  vjp,
});
