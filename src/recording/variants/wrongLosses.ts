/** Wrong losses as functions of the logits: with one term replaced, or the right loss with other settings. Equations as in loss.ts. */
import type { Kernels } from "../../kernels/kernels.ts";
import { crossEntropy } from "../../losses/crossEntropy.ts";
import { divergence } from "../../losses/divergence.ts";
import { teacherDecision } from "../../losses/hardDistillation.ts";
import { meanOfLogits } from "../../model/fusion.ts";
import type { Logits } from "../../model/heads.ts";
import { logSoftmax } from "../../ops/logSoftmax.ts";
import { softmax } from "../../ops/softmax.ts";
import { axis, type Tensor } from "../../tensor/tensor.ts";
import { smoothedTargets } from "../../train/step/mixedBatch.ts";
import { objective, type Distillation } from "../../train/step/objective.ts";
import type { LossInputs } from "../steps/networkInputs.ts";
import type { LossContext, LossVariant } from "./variant.ts";

type Soft = Extract<Distillation, { readonly kind: "soft" }>;
type Hard = Extract<Distillation, { readonly kind: "hard" }>;

const right = (k: Kernels, logits: Logits, { targets, distillation }: LossInputs): Tensor =>
  objective(k, logits, targets, distillation).loss;

export const against = (k: Kernels, logits: Tensor, target: Tensor): Tensor => crossEntropy.forward(k, { logits }, { target }).out;
export const probabilities = (k: Kernels, z: Tensor): Tensor => softmax.forward(k, { z }).out;

/** The logits that the teacher supervises. */
const studentOf = ({ head, head_dist }: Logits, { student }: Soft | Hard): Tensor =>
  student === "distillation" && head_dist !== null ? head_dist : head;

/** (1 − share)·labelTerm + share·teacherTerm */
export const weighted = (k: Kernels, labelTerm: Tensor, teacherTerm: Tensor, share: number): Tensor =>
  k.add(k.scale(labelTerm, 1 - share), k.scale(teacherTerm, share));

/** The right loss with other settings. */
export const withSettings =
  (change: (distillation: Distillation) => Distillation): LossVariant["wrong"] =>
  (k, logits, lossInputs) =>
    right(k, logits, { ...lossInputs, distillation: change(lossInputs.distillation) });

/** Soft distillation with another term for the teacher; the right loss if distillation is not soft. */
export function soft(termOf: (k: Kernels, student: Tensor, teacher: Tensor, settings: Soft) => Tensor): LossVariant["wrong"] {
  return (k, logits, lossInputs) => {
    const { distillation } = lossInputs;
    const { target, teacher } = lossInputs.targets;
    if (distillation.kind !== "soft" || teacher === null) return right(k, logits, lossInputs);
    const term = termOf(k, studentOf(logits, distillation), teacher, distillation);
    return weighted(k, against(k, logits.head, target), term, distillation.lambda);
  };
}

/** Hard distillation with another term for the teacher; the right loss if distillation is not hard. */
export function hard(termOf: (k: Kernels, student: Tensor, teacher: Tensor, context: LossContext) => Tensor): LossVariant["wrong"] {
  return (k, logits, lossInputs, context) => {
    const { distillation } = lossInputs;
    const { target, teacher } = lossInputs.targets;
    if (distillation.kind !== "hard" || teacher === null) return right(k, logits, lossInputs);
    const term = termOf(k, studentOf(logits, distillation), teacher, context);
    return weighted(k, against(k, logits.head, target), term, distillation.alpha);
  };
}

/** τ²·KL(p‖s), divided as the recording says. */
export const rightTerm = (k: Kernels, student: Tensor, teacher: Tensor, { tau, divideBy }: Soft): Tensor =>
  divergence.forward(k, { student }, { teacher, tau, divideBy }).out;

/** A divergence, given as a mean over the batch, divided as the recording says. */
const divided = (k: Kernels, term: Tensor, student: Tensor, { divideBy }: Soft): Tensor =>
  divideBy === "batch" ? term : k.scale(term, 1 / axis(student.shape, -1));

/** τ² Σ_k p (log p − log s), with p and s at other temperatures than τ. */
export const tempered =
  (temperatures: (tau: number) => { readonly teacher: number; readonly student: number }) =>
  (k: Kernels, student: Tensor, teacher: Tensor, { tau, divideBy }: Soft): Tensor => {
    const at = temperatures(tau);
    const cooled = { student: k.scale(student, 1 / at.student), teacher: k.scale(teacher, 1 / at.teacher) };
    return k.scale(divergence.forward(k, { student: cooled.student }, { teacher: cooled.teacher, tau: 1, divideBy }).out, tau ** 2);
  };

/** τ² Σ_k p (log p − s): the student's probabilities instead of their logarithm. */
export function withoutLog(k: Kernels, student: Tensor, teacher: Tensor, settings: Soft): Tensor {
  const { tau } = settings;
  const logP = logSoftmax.forward(k, { z: k.scale(teacher, 1 / tau) }).out;
  const s = probabilities(k, k.scale(student, 1 / tau));
  const perRow = k.sumLast(k.mul(k.exp(logP), k.sub(logP, s)));
  const mean = k.scale(k.sumLeading(perRow, 1), tau ** 2 / axis(student.shape, 0));
  return divided(k, k.reshape(mean, []), student, settings);
}

/** Labels smoothed as the recording says, or as `change` says; null: the target is a distribution. */
export function smoothedLabels(
  k: Kernels,
  labels: Tensor | null,
  { loss, classes }: LossContext,
  change: { readonly over?: "all" | "others"; readonly share?: number } = {},
): Tensor | null {
  if (loss.target !== "labels" || labels === null) return null;
  return smoothedTargets(k, labels, classes, { share: loss.smoothing, over: loss.smoothingMass, ...change });
}

/** The right loss with labels that are smoothed differently. */
export const smoothing =
  (change: { readonly over?: "all" | "others"; readonly share?: number }): LossVariant["wrong"] =>
  (k, logits, lossInputs, context) => {
    const target = smoothedLabels(k, context.labels, context, change) ?? lossInputs.targets.target;
    return right(k, logits, { ...lossInputs, targets: { ...lossInputs.targets, target } });
  };

/** Every cross-entropy reads probabilities as if they were logits; a divergence stays right. */
export const softmaxTwice: LossVariant["wrong"] = (k, logits, { targets: { target, teacher }, distillation }) => {
  if (distillation.kind === "none") return against(k, probabilities(k, meanOfLogits.forward(k, logits).out), target);
  const labelTerm = against(k, probabilities(k, logits.head), target);
  if (teacher === null || distillation.kind === "two-class-tokens" || distillation.kind === "class-head") return labelTerm;
  const student = studentOf(logits, distillation);
  return distillation.kind === "hard"
    ? weighted(k, labelTerm, against(k, probabilities(k, student), teacherDecision(k, teacher)), distillation.alpha)
    : weighted(k, labelTerm, rightTerm(k, student, teacher, distillation), distillation.lambda);
};

/** CE + τ²·KL */
export const unweighted: LossVariant["wrong"] = (k, logits, lossInputs) => {
  const { distillation } = lossInputs;
  const { target, teacher } = lossInputs.targets;
  if (distillation.kind !== "soft" || teacher === null) return right(k, logits, lossInputs);
  return k.add(against(k, logits.head, target), rightTerm(k, studentOf(logits, distillation), teacher, distillation));
};
