/**
 * Hard distillation: the teacher's decision is taken as a second true label. It is never smoothed.
 *
 *   (E25)  y_t = argmax_k z_t,k                             the first index on ties
 *   (E26)  L = (1 − α) CE(z_c, q) + α CE(z_d, onehot(y_t))  paper: α = ½
 *
 *   (G8)   z̄_c = (1 − α)(σ(z_c) − q)/B      z̄_d = α(σ(z_d) − onehot(y_t))/B
 */
import type { Kernels } from "../kernels/kernels.ts";
import { defineOp, type Grads, type Op, type Result } from "../ops/op.ts";
import { parts } from "../ops/parts.ts";
import { axis, type Tensor } from "../tensor/tensor.ts";
import { crossEntropy, type CrossEntropyAttrs, type CrossEntropySaved } from "./crossEntropy.ts";
import type { TwoLogits } from "./softDistillation.ts";

/** Target, teacher and α of `hardDistillation`. */
export interface HardDistillationAttrs extends CrossEntropyAttrs {
  /** z_t, [B, K]; not differentiated. */
  readonly teacher: Tensor;
  /** α, the share of the teacher. */
  readonly alpha: number;
}

/** What the VJP of `hardDistillation` reads. */
export interface HardDistillationSaved {
  /** Saved by the cross-entropy with the true label. */
  readonly truth: CrossEntropySaved;
  /** Saved by the cross-entropy with the teacher's decision. */
  readonly teacher: CrossEntropySaved;
  /** α, the share of the teacher. */
  readonly alpha: number;
}

const part = parts({ truth: crossEntropy, teacher: crossEntropy });

/** onehot(y_t) of (E25), [B, K]. */
export function teacherDecision(k: Kernels, teacher: Tensor): Tensor {
  return k.oneHot(k.argmaxLast(teacher), axis(teacher.shape, -1));
}

function forward(
  k: Kernels,
  { head, head_dist }: TwoLogits,
  { target, teacher, alpha }: HardDistillationAttrs,
): Result<Tensor, HardDistillationSaved> {
  const truth = part.truth.forward(k, { logits: head }, { target });
  const taught = part.teacher.forward(k, { logits: head_dist }, { target: teacherDecision(k, teacher) }); // (E25)
  const loss = k.add(k.scale(truth.out, 1 - alpha), k.scale(taught.out, alpha)); //                         (E26)
  return { out: loss, saved: { truth: truth.saved, teacher: taught.saved, alpha } };
}

function vjp(k: Kernels, { truth, teacher, alpha }: HardDistillationSaved, dLoss: Tensor): Grads<TwoLogits> {
  const dTruth = part.truth.vjp(k, truth, k.scale(dLoss, 1 - alpha));
  const dTeacher = part.teacher.vjp(k, teacher, k.scale(dLoss, alpha));
  return { head: dTruth.logits, head_dist: dTeacher.logits }; //                                            (G8)
}

/** Two logits [B, K] → a scalar. */
export const hardDistillation: Op<TwoLogits, HardDistillationSaved, HardDistillationAttrs> = defineOp({
  name: "hardDistillation",
  shapes: { inputs: { head: "B K", head_dist: "B K" }, out: "" },
  forward,
  vjp,
});
