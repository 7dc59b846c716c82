/** Section 10 of deit.md: choices in which the paper, its code and others disagree, each both ways. And what a teacher's label does to crops (section 2). */
import { changed, none, soft, token } from "../arms.ts";
import type { Arm, Claim, Experiment, Measurement, Quantity } from "../experiment.ts";
import { equal, measuredLine, more, top1, onCifar } from "../terms.ts";

/** A choice: the arm that makes it one way is given, the other way is trained. */
interface Choice {
  readonly name: string;
  readonly arm: Arm;
  readonly against: string;
  readonly claim: string;
}

const SOFT = "soft distillation: λ = 0.1, τ = 3, KL(teacher‖student) ÷ B";
const PLAIN = "no teacher: smoothing 0.1 over all classes";

const choice = (from: Arm, against: string, arm: string, change: string, name: string, claim: string): Choice => ({
  name,
  arm: changed(from, `${from.name}-${arm}`, change),
  against,
  claim,
});

const disputed: readonly Choice[] = [
  choice(soft, SOFT, "lambda", "distillation.lambda=0.5", "λ = 0.5", "λ = 0.5 instead of 0.1 makes no difference."),
  choice(soft, SOFT, "tau", "distillation.tau=1", "τ = 1", "τ = 1 instead of 3 makes no difference."),
  choice(
    soft,
    SOFT,
    "student-first",
    "distillation.direction=student-first",
    "KL(student‖teacher)",
    "The direction of the divergence makes no difference.",
  ),
  choice(
    soft,
    SOFT,
    "per-class",
    "distillation.divide_by=batch*classes",
    "÷ (B·K)",
    "Dividing by the number of classes as well makes no difference.",
  ),
  choice(none, PLAIN, "unsmoothed", "training.label_smoothing=0", "no smoothing", "Label smoothing makes no difference."),
  choice(
    none,
    PLAIN,
    "smoothing-others",
    "training.smoothing_over=others",
    "smoothing over the other classes",
    "Smoothing over all classes or over the others makes no difference.",
  ),
];

/** As much as a choice may change without mattering, in points. */
const MARGIN = 1;

/** The shares of the image that a view covers, from and to. */
const AREAS = [0.08, 0.2, 0.4, 0.6, 0.8, 1];
const labels: Measurement = {
  name: "teacher-labels",
  command: ["eval", "{token}/teacher", "{data}:train", "--crop-areas", AREAS.join(","), "--threads", "1", "--workers", "0"],
};
const differing = AREAS.slice(1).map((to, i): Quantity => ({
  name: `teacher’s label differs, crops of ${AREAS[i]} to ${to}`,
  of: labels.name,
  value: `areas.${i}.wrong`,
  unit: "%",
  paper: null,
}));
const [smallest, largest] = [differing.at(0)?.name ?? "", differing.at(-1)?.name ?? ""];

const MEAN = "⚗, mean of logits";
const SUM = "⚗, sum of softmax";

const claims: readonly Claim[] = [
  ...disputed.map(({ name, against, claim }) => equal(claim, name, against, MARGIN)),
  equal("Both ways to fuse the heads are as good.", SUM, MEAN, MARGIN),
  more("A teacher labels small crops differently from their images more often than large ones.", smallest, largest, MARGIN),
];

export const choices: Experiment = {
  name: "choices",
  title: "Disputed choices, and what a teacher’s label does",
  question:
    "Do the choices matter in which the paper, its code and other code disagree? How often does a teacher see another class in a crop?",
  source: "deit.md, sections 2 and 10",
  paper: "no numbers: it makes one choice of each",
  arms: [soft, none, token, ...disputed.map(({ arm }) => arm)],
  measurements: [labels],
  alone: false,
  quantities: [
    top1(SOFT, soft, "class", null),
    top1(PLAIN, none, "class", null),
    ...disputed.map(({ name, arm }) => top1(name, arm, "class", null)),
    top1(MEAN, token, "mean", null),
    top1(SUM, token, "softmax-sum", null),
    ...differing,
  ],
  claims,
  figures: [
    {
      title: "Share of crops of CIFAR-10’s training images in which the teacher sees another class than the image’s label",
      x: { label: "share of the image that a crop covers", scale: "linear" },
      y: { label: "teacher’s label differs, %", scale: "linear" },
      lines: [
        measuredLine(
          "teacher",
          differing.map(({ name }, i) => [((AREAS[i] ?? 0) + (AREAS[i + 1] ?? 0)) / 2, name]),
        ),
      ],
    },
  ],
  settings: {
    cifar10: onCifar("experiment/cifar10", 4, 90),
  },
};
