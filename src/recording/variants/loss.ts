/**
 * Losses as they are often written.
 *
 *   (E20), (E21)  label smoothing over all K classes, or over the other K − 1
 *   (E22)         L = (1 − λ) CE(z_c, q) + λ τ² KL(p‖s)            (E23) divided by B, (E24) by B·K
 *   (E26)         L = (1 − α) CE(z_c, q) + α CE(z_d, onehot(argmax z_t))
 */
import type { Kernels } from "../../kernels/kernels.ts";
import { crossEntropy } from "../../losses/crossEntropy.ts";
import { divergence } from "../../losses/divergence.ts";
import { teacherDecision } from "../../losses/hardDistillation.ts";
import { reverseDivergence } from "../../losses/reverseDivergence.ts";
import type { Logits } from "../../model/heads.ts";
import { axis, type Tensor } from "../../tensor/tensor.ts";
import { smoothedTargets } from "../../train/deitTask.ts";
import { objective, type Distillation, type LossAndCotangents } from "../../train/objective.ts";
import type { Goal } from "../build.ts";
import type { LossPlace, LossVariant } from "./variant.ts";

type Kind<K> = Extract<Distillation, { readonly kind: K }>;

const right = (k: Kernels, logits: Logits, { targets, distillation }: Goal): LossAndCotangents =>
  objective(k, logits, targets, distillation);

/** A term of the loss, and its gradient in the logits that it reads. */
interface Term {
  readonly loss: Tensor;
  readonly d: Tensor;
}

const one = (k: Kernels): Tensor => k.upload([], [1]);

function againstTarget(k: Kernels, logits: Tensor, target: Tensor): Term {
  const { out: loss, saved } = crossEntropy.forward(k, { logits }, { target });
  return { loss, d: crossEntropy.vjp(k, saved, one(k)).logits };
}

/** (1 − share)·CE(z_c, q) + share·term, where the term reads the student's logits. */
function taught(
  k: Kernels,
  { head, head_dist }: Logits,
  { target, share, student }: { readonly target: Tensor; readonly share: number; readonly student: "distillation" | "class" },
  termOf: (z: Tensor) => Term,
): LossAndCotangents {
  const onToken = student === "distillation" && head_dist !== null;
  const truth = againstTarget(k, head, target);
  const term = termOf(onToken ? head_dist : head);
  const dTruth = k.scale(truth.d, 1 - share);
  const dTerm = k.scale(term.d, share);
  const unreached = head_dist === null ? null : k.zeros(head_dist.shape);
  return {
    loss: k.add(k.scale(truth.loss, 1 - share), k.scale(term.loss, share)),
    dLogits: onToken ? { head: dTruth, head_dist: dTerm } : { head: k.add(dTruth, dTerm), head_dist: unreached },
  };
}

const scaled = (k: Kernels, { loss, d }: Term, factor: number): Term => ({ loss: k.scale(loss, factor), d: k.scale(d, factor) });

function rightDivergence(k: Kernels, student: Tensor, teacher: Tensor, { tau, divideBy }: Kind<"soft">): Term {
  const { out: loss, saved } = divergence.forward(k, { student }, { teacher, tau, divideBy });
  return { loss, d: divergence.vjp(k, saved, one(k)).student };
}

function reversed(k: Kernels, student: Tensor, teacher: Tensor, { tau, divideBy }: Kind<"soft">): Term {
  const { out: loss, saved } = reverseDivergence.forward(k, { student }, { teacher, tau });
  const term = { loss, d: reverseDivergence.vjp(k, saved, one(k)).student };
  return divideBy === "batch" ? term : scaled(k, term, 1 / axis(student.shape, -1));
}

/** Soft distillation with another term, or the right loss where distillation is not soft. */
function soft(termOf: (k: Kernels, student: Tensor, teacher: Tensor, settings: Kind<"soft">) => Term): LossVariant["wrong"] {
  return (k, logits, goal) => {
    const { target, teacher } = goal.targets;
    const { distillation } = goal;
    if (distillation.kind !== "soft" || teacher === null) return right(k, logits, goal);
    const { lambda: share, student } = distillation;
    return taught(k, logits, { target, share, student }, (z) => termOf(k, z, teacher, distillation));
  };
}

/** The right loss with other settings. */
const withSettings =
  (change: (distillation: Distillation) => Distillation): LossVariant["wrong"] =>
  (k, logits, goal) =>
    right(k, logits, { ...goal, distillation: change(goal.distillation) });

/** The right loss with the labels smoothed over others than the recording says. */
const smoothedOver =
  (over: "all" | "others"): LossVariant["wrong"] =>
  (k, logits, goal, place) => {
    const target = smoothedAsTold(k, place.labels, place, over) ?? goal.targets.target;
    return right(k, logits, { ...goal, targets: { ...goal.targets, target } });
  };

/** Class numbers smoothed with the recording's ε; null where its target is a distribution. */
function smoothedAsTold(k: Kernels, labels: Tensor | null, { loss, classes }: LossPlace, over: "all" | "others" | null): Tensor | null {
  if (loss.target !== "labels" || labels === null) return null;
  return smoothedTargets(k, labels, classes, { share: loss.smoothing, over: over ?? loss.smoothingMass });
}

const teacherSmoothed: LossVariant["wrong"] = (k, logits, goal, place) => {
  const { target, teacher } = goal.targets;
  const { distillation } = goal;
  if (distillation.kind !== "hard" || teacher === null) return right(k, logits, goal);
  const { alpha: share, student } = distillation;
  const smoothed = smoothedAsTold(k, k.argmaxLast(teacher), place, null) ?? teacherDecision(k, teacher);
  return taught(k, logits, { target, share, student }, (z) => againstTarget(k, z, smoothed));
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
    wrong: soft(reversed),
  },
  {
    ...about,
    name: "soft-tau-squared-missing",
    instead: "the factor τ² is missing",
    reason: "the factor that keeps gradients alive at high temperature was forgotten",
    equation: "(E22)",
    wrong: soft((k, student, teacher, settings) => scaled(k, rightDivergence(k, student, teacher, settings), settings.tau ** -2)),
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
    wrong: smoothedOver("others"),
  },
  {
    ...about,
    name: "smoothing-over-all",
    instead: "ε is spread over all K classes",
    reason: "it is what timm and the frameworks' label smoothing do; the recording asks for the other K − 1",
    equation: "(E20), (E21)",
    wrong: smoothedOver("all"),
  },
  {
    ...about,
    name: "teacher-label-smoothed",
    instead: "the teacher's decision is smoothed like a label",
    reason: "both targets went through the same smoothing; the paper never smooths the teacher's",
    equation: "(E25), (E26)",
    wrong: teacherSmoothed,
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
];
