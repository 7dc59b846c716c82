/**
 * Soft distillation: the student learns from the true label and from the teacher's distribution.
 *
 *   (E22)  L = (1 − λ) CE(z_c, q) + λ τ² KL                 KL of the student's logits z_d and the teacher's, in either direction
 *
 *   (G6)   z̄_c = (1 − λ)(σ(z_c) − q)/B      z̄_d = λτ(σ(z_d/τ) − σ(z_t/τ))/B      teacher first; (G7) student first
 */
import type { Kernels } from "../kernels/kernels.ts";
import { defineOp, type Grads, type Op, type Result } from "../ops/op.ts";
import { parts } from "../ops/parts.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { crossEntropy, type CrossEntropyAttrs, type CrossEntropySaved } from "./crossEntropy.ts";
import { divergence, type DivergenceAttrs, type DivergenceSaved } from "./divergence.ts";
import { reverseDivergence } from "./reverseDivergence.ts";

/** `teacher-first`: KL(p‖s), (E23), the default. `student-first`: KL(s‖p), as the paper writes it. */
export type Direction = "teacher-first" | "student-first";

/** Logits for the true label and logits for the teacher, [B, K] each. */
export interface TwoLogits {
  /** z_c of the class head, for the true label, [B, K]. */
  readonly head: Tensor;
  /** z_d of the distillation head, for the teacher, [B, K]. */
  readonly head_dist: Tensor;
}

/** Target, teacher, τ, λ and the divergence of `softDistillation`. */
export interface SoftDistillationAttrs extends CrossEntropyAttrs, DivergenceAttrs {
  /** λ, the share of the teacher. Paper: λ = 0.1, τ = 3. */
  readonly lambda: number;
  /** Which distribution the divergence has first. */
  readonly direction: Direction;
}

/** What the VJP of `softDistillation` reads. */
export interface SoftDistillationSaved {
  /** Saved by the cross-entropy with the true label. */
  readonly truth: CrossEntropySaved;
  /** Saved by the divergence from the teacher. */
  readonly teacher: DivergenceSaved;
  /** λ, the share of the teacher. */
  readonly lambda: number;
  /** Which divergence it is. */
  readonly direction: Direction;
}

const partsOf = {
  "teacher-first": parts({ truth: crossEntropy, teacher: divergence }),
  "student-first": parts({ truth: crossEntropy, teacher: reverseDivergence }),
};

function forward(k: Kernels, { head, head_dist }: TwoLogits, attrs: SoftDistillationAttrs): Result<Tensor, SoftDistillationSaved> {
  const { lambda, direction } = attrs;
  const part = partsOf[direction];
  const truth = part.truth.forward(k, { logits: head }, attrs);
  const teacher = part.teacher.forward(k, { student: head_dist }, attrs);
  const loss = k.add(k.scale(truth.out, 1 - lambda), k.scale(teacher.out, lambda)); // (E22)
  return { out: loss, saved: { truth: truth.saved, teacher: teacher.saved, lambda, direction } };
}

function vjp(k: Kernels, { truth, teacher, lambda, direction }: SoftDistillationSaved, dLoss: Tensor): Grads<TwoLogits> {
  const part = partsOf[direction];
  const dTruth = part.truth.vjp(k, truth, k.scale(dLoss, 1 - lambda));
  const dTeacher = part.teacher.vjp(k, teacher, k.scale(dLoss, lambda));
  return { head: dTruth.logits, head_dist: dTeacher.student }; //                      (G6) (G7)
}

/** Two logits [B, K] → a scalar. */
export const softDistillation: Op<TwoLogits, SoftDistillationSaved, SoftDistillationAttrs> = defineOp({
  name: "softDistillation",
  shapes: { inputs: { head: "B K", head_dist: "B K" }, out: "" },
  forward,
  vjp,
});
