/** Wrong losses as functions of the logits: one term in the place of another, and the right loss with other settings. Equations as in loss.ts. */
import type { Kernels } from "../../kernels/kernels.ts";
import { crossEntropy } from "../../losses/crossEntropy.ts";
import { divergence } from "../../losses/divergence.ts";
import { teacherDecision } from "../../losses/hardDistillation.ts";
import { meanOfLogits } from "../../model/fusion.ts";
import type { Logits } from "../../model/heads.ts";
import { logSoftmax } from "../../ops/logSoftmax.ts";
import { softmax } from "../../ops/softmax.ts";
import { axis, type Tensor } from "../../tensor/tensor.ts";
import { smoothedTargets } from "../../train/step/deitTask.ts";
import { objective, type Distillation } from "../../train/step/objective.ts";
import type { Goal } from "../steps/build.ts";
import type { LossPlace, LossVariant } from "./variant.ts";

type Soft = Extract<Distillation, { readonly kind: "soft" }>;
type Hard = Extract<Distillation, { readonly kind: "hard" }>;

const right = (k: Kernels, logits: Logits, { targets, distillation }: Goal): Tensor => objective(k, logits, targets, distillation).loss;

export const against = (k: Kernels, logits: Tensor, target: Tensor): Tensor => crossEntropy.forward(k, { logits }, { target }).out;
export const probabilities = (k: Kernels, z: Tensor): Tensor => softmax.forward(k, { z }).out;

/** The logits that the teacher supervises. */
const studentOf = ({ head, head_dist }: Logits, { student }: Soft | Hard): Tensor =>
  student === "distillation" && head_dist !== null ? head_dist : head;

/** (1 − share)·truth + share·taught */
export const shared = (k: Kernels, truth: Tensor, taught: Tensor, share: number): Tensor =>
  k.add(k.scale(truth, 1 - share), k.scale(taught, share));

/** The right loss with other settings. */
export const withSettings =
  (change: (distillation: Distillation) => Distillation): LossVariant["wrong"] =>
  (k, logits, goal) =>
    right(k, logits, { ...goal, distillation: change(goal.distillation) });

/** Soft distillation with another term, or the right loss where distillation is not soft. */
export function soft(termOf: (k: Kernels, student: Tensor, teacher: Tensor, settings: Soft) => Tensor): LossVariant["wrong"] {
  return (k, logits, goal) => {
    const { distillation } = goal;
    const { target, teacher } = goal.targets;
    if (distillation.kind !== "soft" || teacher === null) return right(k, logits, goal);
    const term = termOf(k, studentOf(logits, distillation), teacher, distillation);
    return shared(k, against(k, logits.head, target), term, distillation.lambda);
  };
}

/** Hard distillation with another term, or the right loss where distillation is not hard. */
export function hard(termOf: (k: Kernels, student: Tensor, teacher: Tensor, place: LossPlace) => Tensor): LossVariant["wrong"] {
  return (k, logits, goal, place) => {
    const { distillation } = goal;
    const { target, teacher } = goal.targets;
    if (distillation.kind !== "hard" || teacher === null) return right(k, logits, goal);
    const term = termOf(k, studentOf(logits, distillation), teacher, place);
    return shared(k, against(k, logits.head, target), term, distillation.alpha);
  };
}

/** τ²·KL(p‖s), divided as the recording says. */
export const rightTerm = (k: Kernels, student: Tensor, teacher: Tensor, { tau, divideBy }: Soft): Tensor =>
  divergence.forward(k, { student }, { teacher, tau, divideBy }).out;

/** A divergence that is a mean over the batch, divided as the recording says. */
export const divided = (k: Kernels, term: Tensor, student: Tensor, { divideBy }: Soft): Tensor =>
  divideBy === "batch" ? term : k.scale(term, 1 / axis(student.shape, -1));

/** τ² Σ_k p (log p − log s) with p and s from logits that are divided by other temperatures than τ. */
export const tempered =
  (temperatures: (tau: number) => { readonly teacher: number; readonly student: number }) =>
  (k: Kernels, student: Tensor, teacher: Tensor, { tau, divideBy }: Soft): Tensor => {
    const at = temperatures(tau);
    const cooled = { student: k.scale(student, 1 / at.student), teacher: k.scale(teacher, 1 / at.teacher) };
    return k.scale(divergence.forward(k, { student: cooled.student }, { teacher: cooled.teacher, tau: 1, divideBy }).out, tau ** 2);
  };

/** λτ² Σ_k p (log p − s): the student's probabilities in the place of their logarithm. */
export function withoutLog(k: Kernels, student: Tensor, teacher: Tensor, settings: Soft): Tensor {
  const { tau } = settings;
  const logP = logSoftmax.forward(k, { z: k.scale(teacher, 1 / tau) }).out;
  const s = probabilities(k, k.scale(student, 1 / tau));
  const perRow = k.sumLast(k.mul(k.exp(logP), k.sub(logP, s)));
  const mean = k.scale(k.sumLeading(perRow, 1), tau ** 2 / axis(student.shape, 0));
  return divided(k, k.reshape(mean, []), student, settings);
}

/** Class numbers smoothed with the recording's ε, or another one; null where its target is a distribution. */
export function smoothedLabels(
  k: Kernels,
  labels: Tensor | null,
  { loss, classes }: LossPlace,
  change: { readonly over?: "all" | "others"; readonly share?: number } = {},
): Tensor | null {
  if (loss.target !== "labels" || labels === null) return null;
  return smoothedTargets(k, labels, classes, { share: loss.smoothing, over: loss.smoothingMass, ...change });
}

/** The right loss with labels that are smoothed otherwise than the recording says. */
export const smoothing =
  (change: { readonly over?: "all" | "others"; readonly share?: number }): LossVariant["wrong"] =>
  (k, logits, goal, place) => {
    const target = smoothedLabels(k, place.labels, place, change) ?? goal.targets.target;
    return right(k, logits, { ...goal, targets: { ...goal.targets, target } });
  };

/** Every cross-entropy reads probabilities as if they were logits; a divergence stays right. */
export const softmaxTwice: LossVariant["wrong"] = (k, logits, { targets: { target, teacher }, distillation }) => {
  if (distillation.kind === "none") return against(k, probabilities(k, meanOfLogits.forward(k, logits).out), target);
  const truth = against(k, probabilities(k, logits.head), target);
  if (teacher === null || distillation.kind === "two-class-tokens") return truth;
  const student = studentOf(logits, distillation);
  return distillation.kind === "hard"
    ? shared(k, truth, against(k, probabilities(k, student), teacherDecision(k, teacher)), distillation.alpha)
    : shared(k, truth, rightTerm(k, student, teacher, distillation), distillation.lambda);
};

/** CE + τ²·KL */
export const unweighted: LossVariant["wrong"] = (k, logits, goal) => {
  const { distillation } = goal;
  const { target, teacher } = goal.targets;
  if (distillation.kind !== "soft" || teacher === null) return right(k, logits, goal);
  return k.add(against(k, logits.head, target), rightTerm(k, studentOf(logits, distillation), teacher, distillation));
};
