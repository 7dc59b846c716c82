/**
 * The control experiment of the paper: two class tokens and no teacher; both heads learn the true label (deit.md 2.5, 9.5).
 *
 *          L = ½ CE(z_c, q) + ½ CE(z_d, q)
 *
 *   (G4)   z̄_c = ½(σ(z_c) − q)/B      z̄_d = ½(σ(z_d) − q)/B
 */
import type { Kernels } from "../kernels/kernels.ts";
import { defineOp, type Grads, type Op, type Result } from "../ops/op.ts";
import { parts } from "../ops/parts.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { crossEntropy, type CrossEntropyAttrs, type CrossEntropySaved } from "./crossEntropy.ts";
import type { TwoLogits } from "./softDistillation.ts";

/** What the VJP of `twoClassTokens` reads. */
export interface TwoClassTokensSaved {
  /** Saved by the first token's cross-entropy. */
  readonly head: CrossEntropySaved;
  /** Saved by the second token's cross-entropy. */
  readonly head_dist: CrossEntropySaved;
}

const part = parts({ head: crossEntropy, head_dist: crossEntropy });

function forward(k: Kernels, { head, head_dist }: TwoLogits, attrs: CrossEntropyAttrs): Result<Tensor, TwoClassTokensSaved> {
  const first = part.head.forward(k, { logits: head }, attrs);
  const second = part.head_dist.forward(k, { logits: head_dist }, attrs);
  return { out: k.scale(k.add(first.out, second.out), 0.5), saved: { head: first.saved, head_dist: second.saved } };
}

function vjp(k: Kernels, { head, head_dist }: TwoClassTokensSaved, dLoss: Tensor): Grads<TwoLogits> {
  const half = k.scale(dLoss, 0.5);
  return { head: part.head.vjp(k, head, half).logits, head_dist: part.head_dist.vjp(k, head_dist, half).logits };
}

/** Two logits [B, K] → a scalar. */
export const twoClassTokens: Op<TwoLogits, TwoClassTokensSaved, CrossEntropyAttrs> = defineOp({
  name: "twoClassTokens",
  shapes: { inputs: { head: "B K", head_dist: "B K" }, out: "" },
  forward,
  vjp,
});
