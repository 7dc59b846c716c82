/** From the logits of a batch to its loss and the cotangents of the logits. Chooses the loss (deit.md section 2) and the heads that it acts on. */
import type { Kernels } from "../../kernels/kernels.ts";
import { crossEntropy } from "../../losses/crossEntropy.ts";
import type { Divisor } from "../../losses/divergence.ts";
import { hardDistillation } from "../../losses/hardDistillation.ts";
import { softDistillation, type Direction } from "../../losses/softDistillation.ts";
import { twoClassTokens } from "../../losses/twoClassTokens.ts";
import { usualHardDistillation, usualSoftDistillation } from "../../losses/usualDistillation.ts";
import { meanOfLogits } from "../../model/fusion.ts";
import type { Logits } from "../../model/heads.ts";
import type { Grads, Op } from "../../ops/op.ts";
import type { Tensor } from "../../tensor/tensor.ts";

/** Which head's logits the teacher supervises: `distillation` is DeiT's method, `class` the usual distillation. */
export type Student = "distillation" | "class";

/** No teacher: the labels alone, on the class logits or on the mean of both heads. */
export interface NoDistillation {
  /** (E19). */
  readonly kind: "none";
}

/** No teacher, and only the class head learns the labels: one of two ways to transfer a distilled model (deit.md 7.14, [#82]). */
export interface ClassHeadLoss {
  /** (E19) on the class logits; the distillation head's logits get no gradient. */
  readonly kind: "class-head";
}

/** A second class token instead of a distillation token: both heads learn the labels. */
export interface TwoClassTokensLoss {
  /** The mean of both cross-entropies. */
  readonly kind: "two-class-tokens";
}

/** The teacher's decision as a second label. */
export interface HardLoss {
  /** (E26). */
  readonly kind: "hard";
  /** α, the share of the teacher. Paper: ½. */
  readonly alpha: number;
  /** Which head's logits the teacher supervises. */
  readonly student: Student;
}

/** The teacher's tempered distribution. */
export interface SoftLoss {
  /** (E22). */
  readonly kind: "soft";
  /** λ, the share of the teacher. Paper: 0.1. */
  readonly lambda: number;
  /** τ > 0, in the unit of the logits. Paper: 3. */
  readonly tau: number;
  /** What the divergence is divided by. */
  readonly divideBy: Divisor;
  /** Which distribution the divergence has first. The paper's notation: the student's; all code: the teacher's. */
  readonly direction: Direction;
  /** Which head's logits the teacher supervises. */
  readonly student: Student;
}

/** One of the paper's objectives. */
export type Distillation = NoDistillation | ClassHeadLoss | TwoClassTokensLoss | HardLoss | SoftLoss;

/** The teacher's share of the loss, α or λ; 0: there is no teacher. */
export const shareOfTeacher = (distillation: Distillation): number =>
  distillation.kind === "hard" ? distillation.alpha : distillation.kind === "soft" ? distillation.lambda : 0;

/** What a loss compares the logits with. */
export interface Targets {
  /** q, [B, K]. */
  readonly target: Tensor;
  /** z_t, [B, K]; null: no teacher. */
  readonly teacher: Tensor | null;
}

/** A loss and its gradient. */
export interface LossAndCotangents {
  /** Scalar. */
  readonly loss: Tensor;
  /** Its part that comes from the labels alone, before its share: (E19) on the head that learns them, []; null: there is no other part. */
  readonly truth: Tensor | null;
  /** Its gradient with respect to the logits of each head, [B, K]; null for a head that the model lacks. */
  readonly dLogits: Grads<Logits>;
}

/** A loss op's output and the gradients of its inputs, given the cotangent of the loss. */
function lossAndGrads<In, Saved, Attrs>(
  k: Kernels,
  op: Op<In, Saved, Attrs>,
  inputs: In,
  attrs: Attrs,
  dLoss: Tensor,
): { readonly loss: Tensor; readonly d: Grads<In> } {
  const { out: loss, saved } = op.forward(k.at("loss"), inputs, attrs);
  return { loss, d: op.vjp(k.at("loss"), saved, dLoss) };
}

/** The cotangent of logits that the loss does not depend on. */
const zeroCotangent = (k: Kernels, head_dist: Tensor | null): Tensor | null => (head_dist === null ? null : k.zeros(head_dist.shape));

/** (E19) of the class logits alone, for the metrics; visitors do not see it, since it has no gradient. */
const ofLabels = (k: Kernels, logits: Tensor, target: Tensor): Tensor =>
  crossEntropy.forward(k.within({ saves: false, visitor: null }), { logits }, { target }).out;

/** Without a teacher: (E19) on the class logits, or on the mean of both heads. */
function undistilled(k: Kernels, logits: Logits, { target }: Targets, dLoss: Tensor): LossAndCotangents {
  const mean = meanOfLogits.forward(k.at("logits"), logits);
  const { loss, d } = lossAndGrads(k, crossEntropy, { logits: mean.out }, { target }, dLoss);
  return { loss, truth: null, dLogits: meanOfLogits.vjp(k.at("logits"), mean.saved, d.logits) };
}

/** (E19) on the class logits alone. */
function byClassHead(k: Kernels, { head, head_dist }: Logits, { target }: Targets, dLoss: Tensor): LossAndCotangents {
  const { loss, d } = lossAndGrads(k, crossEntropy, { logits: head }, { target }, dLoss);
  return { loss, truth: null, dLogits: { head: d.logits, head_dist: zeroCotangent(k, head_dist) } };
}

function usual(
  k: Kernels,
  { head, head_dist }: Logits,
  target: Tensor,
  teacher: Tensor,
  distillation: Distillation & { kind: "hard" | "soft" },
  dLoss: Tensor,
): LossAndCotangents {
  const { loss, d } =
    distillation.kind === "hard"
      ? lossAndGrads(k, usualHardDistillation, { head }, { target, teacher, alpha: distillation.alpha }, dLoss)
      : lossAndGrads(k, usualSoftDistillation, { head }, { ...distillation, target, teacher }, dLoss);
  return { loss, truth: ofLabels(k, head, target), dLogits: { head: d.head, head_dist: zeroCotangent(k, head_dist) } };
}

/**
 * The loss and the cotangents of the logits.
 *
 * @param dLoss the loss's own cotangent, []; default 1
 * @throws RangeError if the objective needs a distillation token or a teacher and there is none
 */
export function objective(
  k: Kernels,
  logits: Logits,
  targets: Targets,
  distillation: Distillation,
  dLoss: Tensor = k.upload([], [1]),
): LossAndCotangents {
  const { head, head_dist } = logits;
  const { target, teacher } = targets;
  if (distillation.kind === "none") return undistilled(k, logits, targets, dLoss);
  if (distillation.kind === "class-head") return byClassHead(k, logits, targets, dLoss);

  if (distillation.kind === "two-class-tokens") {
    if (head_dist === null) throw new RangeError("objective: two class tokens need a model with two heads");
    const { loss, d } = lossAndGrads(k, twoClassTokens, { head, head_dist }, { target }, dLoss);
    return { loss, truth: null, dLogits: d };
  }

  if (teacher === null) throw new RangeError("objective: distillation needs the teacher's logits");
  if (distillation.student === "class") return usual(k, logits, target, teacher, distillation, dLoss);
  if (head_dist === null) throw new RangeError('objective: a plain model has no distillation token; its student must be "class"');
  const { loss, d } =
    distillation.kind === "hard"
      ? lossAndGrads(k, hardDistillation, { head, head_dist }, { target, teacher, alpha: distillation.alpha }, dLoss)
      : lossAndGrads(k, softDistillation, { head, head_dist }, { ...distillation, target, teacher }, dLoss);
  return { loss, truth: ofLabels(k, head, target), dLogits: d };
}
