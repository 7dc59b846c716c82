/**
 * Losses, as they are often written wrong.
 *
 *   (E20), (E21)  label smoothing over all K classes, or over the other K − 1
 *   (E22)         L = (1 − λ) CE(z_c, q) + λ τ² KL(p‖s)            (E23) divided by B, (E24) by B·K
 *   (E18), (E19)  CE reads logits
 *   (E26)         L = (1 − α) CE(z_c, q) + α CE(z_d, onehot(argmax z_t))
 */
import { teacherDecision } from "../../losses/hardDistillation.ts";
import {
  against,
  hard,
  probabilities,
  rightTerm,
  smoothedLabels,
  smoothing,
  soft,
  softmaxTwice,
  tempered,
  unweighted,
  withoutLog,
  withSettings,
} from "./wrongLosses.ts";
import type { LossVariant } from "./variant.ts";

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
    reason: "the paper writes the student first, or the arguments of kl_div were exchanged",
    equation: "(E23)",
    wrong: withSettings((d) => (d.kind === "soft" ? { ...d, direction: "student-first" } : d)),
  },
  {
    ...about,
    name: "soft-tau-squared-missing",
    instead: "the factor τ² is missing",
    reason: "the factor that keeps gradients from vanishing at high temperatures was forgotten",
    equation: "(E22)",
    wrong: soft((k, student, teacher, settings) => k.scale(rightTerm(k, student, teacher, settings), settings.tau ** -2)),
  },
  {
    ...about,
    name: "soft-weights-swapped",
    instead: "λ weights the term of the labels, and 1 − λ that of the teacher",
    reason: "the two shares were exchanged",
    equation: "(E22)",
    wrong: withSettings((d) => (d.kind === "soft" ? { ...d, lambda: 1 - d.lambda } : d)),
  },
  {
    ...about,
    name: "smoothing-over-others",
    instead: "ε is spread over the other K − 1 classes",
    reason: "the papers describe label smoothing so; timm spreads ε over all K",
    equation: "(E20), (E21)",
    wrong: smoothing({ over: "others" }),
  },
  {
    ...about,
    name: "smoothing-over-all",
    instead: "ε is spread over all K classes",
    reason: "timm and the frameworks' label smoothing do so; the recording's JSON says the other K − 1",
    equation: "(E20), (E21)",
    wrong: smoothing({ over: "all" }),
  },
  {
    ...about,
    name: "teacher-label-smoothed",
    instead: "the teacher's decision is smoothed like a label",
    reason: "both targets went through the same smoothing; the paper never smooths the teacher's",
    equation: "(E25), (E26)",
    wrong: hard((k, student, teacher, context) =>
      against(k, student, smoothedLabels(k, k.argmaxLast(teacher), context) ?? teacherDecision(k, teacher)),
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
    instead: "α weights the term of the labels, and 1 − α that of the teacher",
    reason: "the two shares were exchanged",
    equation: "(E26)",
    wrong: withSettings((d) => (d.kind === "hard" ? { ...d, alpha: 1 - d.alpha } : d)),
  },
  {
    ...about,
    name: "soft-tau-once",
    instead: "the divergence is multiplied by τ, not by τ²",
    reason: "only one factor τ was compensated; the gradient of the divergence of two softened distributions is smaller by a factor of τ²",
    equation: "(E22)",
    wrong: soft((k, student, teacher, settings) => k.scale(rightTerm(k, student, teacher, settings), 1 / settings.tau)),
  },
  {
    ...about,
    name: "soft-teacher-untempered",
    instead: "the teacher's distribution is σ(z_t), without τ",
    reason: "the teacher's probabilities were stored, or its model ends in a softmax",
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
    instead: "the student's probabilities are used instead of their logarithm, Σ p (log p − s)",
    reason: "kl_div expects log-probabilities as its first argument, and got the output of a softmax",
    equation: "(E23)",
    wrong: soft(withoutLog),
  },
  {
    ...about,
    name: "soft-terms-unweighted",
    instead: "both terms are added without weights, CE + τ²·KL",
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
    reason: "the framework's cross-entropy does not smooth by default",
    equation: "(E20), (E21)",
    wrong: smoothing({ share: 0 }),
  },
];
