/**
 * Losses as they are often written.
 *
 *   (E20), (E21)  label smoothing over all K classes, or over the other K − 1
 *   (E22)         L = (1 − λ) CE(z_c, q) + λ τ² KL(p‖s)            (E23) divided by B, (E24) by B·K
 *   (E18), (E19)  CE reads logits
 *   (E26)         L = (1 − α) CE(z_c, q) + α CE(z_d, onehot(argmax z_t))
 */
import type { Kernels } from "../../kernels/kernels.ts";
import { crossEntropy } from "../../losses/crossEntropy.ts";
import { divergence } from "../../losses/divergence.ts";
import { teacherDecision } from "../../losses/hardDistillation.ts";
import { reverseDivergence } from "../../losses/reverseDivergence.ts";
import { meanOfLogits } from "../../model/fusion.ts";
import type { Logits } from "../../model/heads.ts";
import { logSoftmax } from "../../ops/logSoftmax.ts";
import { softmax } from "../../ops/softmax.ts";
import { axis, type Tensor } from "../../tensor/tensor.ts";
import { smoothedTargets } from "../../train/deitTask.ts";
import { objective, type Distillation } from "../../train/objective.ts";
import type { Goal } from "../build.ts";
import type { LossPlace, LossVariant } from "./variant.ts";

type Soft = Extract<Distillation, { readonly kind: "soft" }>;
type Hard = Extract<Distillation, { readonly kind: "hard" }>;

const right = (k: Kernels, logits: Logits, { targets, distillation }: Goal): Tensor => objective(k, logits, targets, distillation).loss;

const against = (k: Kernels, logits: Tensor, target: Tensor): Tensor => crossEntropy.forward(k, { logits }, { target }).out;
const probabilities = (k: Kernels, z: Tensor): Tensor => softmax.forward(k, { z }).out;

/** The logits that the teacher supervises. */
const studentOf = ({ head, head_dist }: Logits, { student }: Soft | Hard): Tensor =>
  student === "distillation" && head_dist !== null ? head_dist : head;

/** (1 − share)·truth + share·taught */
const shared = (k: Kernels, truth: Tensor, taught: Tensor, share: number): Tensor =>
  k.add(k.scale(truth, 1 - share), k.scale(taught, share));

/** The right loss with other settings. */
const withSettings =
  (change: (distillation: Distillation) => Distillation): LossVariant["wrong"] =>
  (k, logits, goal) =>
    right(k, logits, { ...goal, distillation: change(goal.distillation) });

/** Soft distillation with another term, or the right loss where distillation is not soft. */
function soft(termOf: (k: Kernels, student: Tensor, teacher: Tensor, settings: Soft) => Tensor): LossVariant["wrong"] {
  return (k, logits, goal) => {
    const { distillation } = goal;
    const { target, teacher } = goal.targets;
    if (distillation.kind !== "soft" || teacher === null) return right(k, logits, goal);
    const term = termOf(k, studentOf(logits, distillation), teacher, distillation);
    return shared(k, against(k, logits.head, target), term, distillation.lambda);
  };
}

/** Hard distillation with another term, or the right loss where distillation is not hard. */
function hard(termOf: (k: Kernels, student: Tensor, teacher: Tensor, place: LossPlace) => Tensor): LossVariant["wrong"] {
  return (k, logits, goal, place) => {
    const { distillation } = goal;
    const { target, teacher } = goal.targets;
    if (distillation.kind !== "hard" || teacher === null) return right(k, logits, goal);
    const term = termOf(k, studentOf(logits, distillation), teacher, place);
    return shared(k, against(k, logits.head, target), term, distillation.alpha);
  };
}

/** τ²·KL(p‖s), divided as the recording says. */
const rightTerm = (k: Kernels, student: Tensor, teacher: Tensor, { tau, divideBy }: Soft): Tensor =>
  divergence.forward(k, { student }, { teacher, tau, divideBy }).out;

/** A divergence that is a mean over the batch, divided as the recording says. */
const divided = (k: Kernels, term: Tensor, student: Tensor, { divideBy }: Soft): Tensor =>
  divideBy === "batch" ? term : k.scale(term, 1 / axis(student.shape, -1));

/** τ² Σ_k p (log p − log s) with p and s from logits that are divided by other temperatures than τ. */
const tempered =
  (temperatures: (tau: number) => { readonly teacher: number; readonly student: number }) =>
  (k: Kernels, student: Tensor, teacher: Tensor, { tau, divideBy }: Soft): Tensor => {
    const at = temperatures(tau);
    const cooled = { student: k.scale(student, 1 / at.student), teacher: k.scale(teacher, 1 / at.teacher) };
    return k.scale(divergence.forward(k, { student: cooled.student }, { teacher: cooled.teacher, tau: 1, divideBy }).out, tau ** 2);
  };

/** λτ² Σ_k p (log p − s): the student's probabilities in the place of their logarithm. */
function withoutLog(k: Kernels, student: Tensor, teacher: Tensor, settings: Soft): Tensor {
  const { tau } = settings;
  const logP = logSoftmax.forward(k, { z: k.scale(teacher, 1 / tau) }).out;
  const s = probabilities(k, k.scale(student, 1 / tau));
  const perRow = k.sumLast(k.mul(k.exp(logP), k.sub(logP, s)));
  const mean = k.scale(k.sumLeading(perRow, 1), tau ** 2 / axis(student.shape, 0));
  return divided(k, k.reshape(mean, []), student, settings);
}

/** Class numbers smoothed with the recording's ε, or another one; null where its target is a distribution. */
function smoothedLabels(
  k: Kernels,
  labels: Tensor | null,
  { loss, classes }: LossPlace,
  change: { readonly over?: "all" | "others"; readonly share?: number } = {},
): Tensor | null {
  if (loss.target !== "labels" || labels === null) return null;
  return smoothedTargets(k, labels, classes, { share: loss.smoothing, over: loss.smoothingMass, ...change });
}

/** The right loss with labels that are smoothed otherwise than the recording says. */
const smoothing =
  (change: { readonly over?: "all" | "others"; readonly share?: number }): LossVariant["wrong"] =>
  (k, logits, goal, place) => {
    const target = smoothedLabels(k, place.labels, place, change) ?? goal.targets.target;
    return right(k, logits, { ...goal, targets: { ...goal.targets, target } });
  };

/** Every cross-entropy reads probabilities as if they were logits; a divergence stays right. */
const softmaxTwice: LossVariant["wrong"] = (k, logits, { targets: { target, teacher }, distillation }) => {
  if (distillation.kind === "none") return against(k, probabilities(k, meanOfLogits.forward(k, logits).out), target);
  const truth = against(k, probabilities(k, logits.head), target);
  if (teacher === null || distillation.kind === "two-class-tokens") return truth;
  const student = studentOf(logits, distillation);
  return distillation.kind === "hard"
    ? shared(k, truth, against(k, probabilities(k, student), teacherDecision(k, teacher)), distillation.alpha)
    : shared(k, truth, rightTerm(k, student, teacher, distillation), distillation.lambda);
};

/** CE + τ²·KL */
const unweighted: LossVariant["wrong"] = (k, logits, goal) => {
  const { distillation } = goal;
  const { target, teacher } = goal.targets;
  if (distillation.kind !== "soft" || teacher === null) return right(k, logits, goal);
  return k.add(against(k, logits.head, target), rightTerm(k, studentOf(logits, distillation), teacher, distillation));
};

const about = { part: "loss" } as const;

export const lossVariants: readonly LossVariant[] = [
  {
    ...about,
    name: "soft-divided-by-classes",
    instead: "the divergence is divided by B·K",
    reason: "the mean was taken over all elements, as in the authors' code (kl_div divided by numel); the formula's is over the batch",
    equation: "(E23), (E24)",
    wrong: withSettings((d) => (d.kind === "soft" ? { ...d, divideBy: "batch*classes" } : d)),
  },
  {
    ...about,
    name: "soft-kl-reversed",
    instead: "KL(s‖p) is computed, the divergence of the teacher from the student",
    reason: "the paper prints the student first; or the arguments of kl_div were exchanged",
    equation: "(E23)",
    wrong: soft((k, student, teacher, settings) =>
      divided(k, reverseDivergence.forward(k, { student }, { teacher, tau: settings.tau }).out, student, settings),
    ),
  },
  {
    ...about,
    name: "soft-tau-squared-missing",
    instead: "the factor τ² is missing",
    reason: "the factor that keeps gradients alive at high temperature was forgotten",
    equation: "(E22)",
    wrong: soft((k, student, teacher, settings) => k.scale(rightTerm(k, student, teacher, settings), settings.tau ** -2)),
  },
  {
    ...about,
    name: "soft-weights-swapped",
    instead: "λ weighs the truth and 1 − λ the teacher",
    reason: "the two shares were exchanged",
    equation: "(E22)",
    wrong: withSettings((d) => (d.kind === "soft" ? { ...d, lambda: 1 - d.lambda } : d)),
  },
  {
    ...about,
    name: "smoothing-over-others",
    instead: "ε is spread over the other K − 1 classes",
    reason: "it is how the papers describe label smoothing; timm spreads it over all K",
    equation: "(E20), (E21)",
    wrong: smoothing({ over: "others" }),
  },
  {
    ...about,
    name: "smoothing-over-all",
    instead: "ε is spread over all K classes",
    reason: "it is what timm and the frameworks' label smoothing do; the recording asks for the other K − 1",
    equation: "(E20), (E21)",
    wrong: smoothing({ over: "all" }),
  },
  {
    ...about,
    name: "teacher-label-smoothed",
    instead: "the teacher's decision is smoothed like a label",
    reason: "both targets went through the same smoothing; the paper never smooths the teacher's",
    equation: "(E25), (E26)",
    wrong: hard((k, student, teacher, place) =>
      against(k, student, smoothedLabels(k, k.argmaxLast(teacher), place) ?? teacherDecision(k, teacher)),
    ),
  },
  {
    ...about,
    name: "hard-on-class-head",
    instead: "the teacher's decision supervises the class head",
    reason: "the distillation loss was given the same logits twice",
    equation: "(E26)",
    wrong: withSettings((d) => (d.kind === "hard" ? { ...d, student: "class" } : d)),
  },
  {
    ...about,
    name: "hard-alpha-swapped",
    instead: "α weighs the truth and 1 − α the teacher",
    reason: "the two shares were exchanged",
    equation: "(E26)",
    wrong: withSettings((d) => (d.kind === "hard" ? { ...d, alpha: 1 - d.alpha } : d)),
  },
  {
    ...about,
    name: "soft-tau-once",
    instead: "the divergence is multiplied by τ, not by τ²",
    reason: "one factor τ was taken for the gradient's scale; the divergence of two softened distributions loses τ twice",
    equation: "(E22)",
    wrong: soft((k, student, teacher, settings) => k.scale(rightTerm(k, student, teacher, settings), 1 / settings.tau)),
  },
  {
    ...about,
    name: "soft-teacher-untempered",
    instead: "the teacher's distribution is σ(z_t), without τ",
    reason: "the teacher's probabilities were stored, or came out of a softmax of its own",
    equation: "(E23)",
    wrong: soft(tempered((tau) => ({ teacher: 1, student: tau }))),
  },
  {
    ...about,
    name: "soft-student-untempered",
    instead: "the student's distribution is σ(z_s), without τ",
    reason: "the student's log-softmax was shared with the cross-entropy",
    equation: "(E23)",
    wrong: soft(tempered((tau) => ({ teacher: tau, student: 1 }))),
  },
  {
    ...about,
    name: "soft-log-missing",
    instead: "the student's probabilities stand in the place of their logarithm, Σ p (log p − s)",
    reason: "kl_div expects log-probabilities as its first argument, and was given softmax",
    equation: "(E23)",
    wrong: soft(withoutLog),
  },
  {
    ...about,
    name: "soft-terms-unweighted",
    instead: "both terms are added as they are, CE + τ²·KL",
    reason: "λ was forgotten",
    equation: "(E22)",
    wrong: unweighted,
  },
  {
    ...about,
    name: "hard-with-probabilities",
    instead: "the target of the teacher's term is σ(z_t), not its decision",
    reason: "the teacher's softmax was passed on without an argmax",
    equation: "(E25), (E26)",
    wrong: hard((k, student, teacher) => against(k, student, probabilities(k, teacher))),
  },
  {
    ...about,
    name: "softmax-twice",
    instead: "the cross-entropies read probabilities as if they were logits",
    reason: "the model ends in a softmax, and the framework's cross-entropy has one of its own",
    equation: "(E18), (E19)",
    wrong: softmaxTwice,
  },
  {
    ...about,
    name: "smoothing-missing",
    instead: "the labels are not smoothed, ε = 0",
    reason: "the framework's cross-entropy smooths only where it is asked to",
    equation: "(E20), (E21)",
    wrong: smoothing({ share: 0 }),
  },
];
