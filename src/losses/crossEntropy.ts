/**
 * Cross-entropy against any distribution q, in nats, mean over the batch.
 *
 *   (E19)  CE(z, q) = −(1/B) Σ_b Σ_k q_bk ℓ(z_b)_k          ℓ = log-softmax (E18)
 *
 *   (G4)   z̄ = (σ(z)·⟨q, 1⟩ − q)/B                          ⟨q, 1⟩ = 1 for a distribution
 */
import type { Kernels } from "../kernels/kernels.ts";
import { logSoftmax } from "../ops/logSoftmax.ts";
import { defineOp, type Grads, type Op, type Result } from "../ops/op.ts";
import { axis, type Tensor } from "../tensor/tensor.ts";

/** What `crossEntropy` differentiates. */
export interface CrossEntropyInputs {
  /** z, [B, K]. */
  readonly logits: Tensor;
}

/** The target of `crossEntropy`. */
export interface CrossEntropyAttrs {
  /** q, [B, K]; not differentiated. */
  readonly target: Tensor;
}

/** What the VJP of `crossEntropy` reads. */
export interface CrossEntropySaved extends CrossEntropyAttrs {
  /** ℓ(z), [B, K]. */
  readonly logProbs: Tensor;
}

function forward(k: Kernels, { logits }: CrossEntropyInputs, { target }: CrossEntropyAttrs): Result<Tensor, CrossEntropySaved> {
  const B = axis(logits.shape, 0);
  const logProbs = logSoftmax.forward(k, { z: logits }).out; //           (E18)
  const loss = k.scale(k.sumLeading(k.mul(target, logProbs), 2), -1 / B); // (E19)
  return { out: loss, saved: { logProbs, target } };
}

function vjp(k: Kernels, { logProbs, target }: CrossEntropySaved, dLoss: Tensor): Grads<CrossEntropyInputs> {
  const B = axis(logProbs.shape, 0);
  const mass = k.sumLast(target); //                                      ⟨q, 1⟩
  const dz = k.scale(k.sub(k.mul(k.exp(logProbs), mass), target), 1 / B); // (G4)
  return { logits: k.mul(dz, dLoss) };
}

/** [B, K] → a scalar. */
export const crossEntropy: Op<CrossEntropyInputs, CrossEntropySaved, CrossEntropyAttrs> = defineOp({
  name: "crossEntropy",
  shapes: { inputs: { logits: "B K" }, saved: { logProbs: "B K", target: "B K" }, out: "" },
  forward,
  vjp,
});
