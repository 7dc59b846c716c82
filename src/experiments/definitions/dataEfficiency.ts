/** The paper's title: how accuracy depends on the number of training images, with and without a teacher. The paper itself trains on all of ImageNet. */
import { changed, none, token } from "../arms.ts";
import type { Arm, Experiment, Quantity } from "../experiment.ts";
import { measuredLine, more, top1 } from "../terms.ts";

/** How many images there are, and how many epochs, so that every training has as many steps. The shared arms have 5,000. */
const amounts = [
  { images: 500, epochs: 600, warmup: 30, teacher: 300, teacherWarmup: 10 },
  { images: 5000, epochs: 60, warmup: 3, teacher: 30, teacherWarmup: 1 },
  { images: 50_000, epochs: 6, warmup: 0, teacher: 3, teacherWarmup: 0 },
] as const;
type Amount = (typeof amounts)[number];

const SHARED = 5000;

/** An arm with this many images instead of the recipe's. */
function withImages(arm: Arm, { images, epochs, warmup, teacher, teacherWarmup }: Amount): Arm {
  if (images === SHARED) return arm;
  const student = [`data.images=${images}`, `training.epochs=${epochs}`, `training.warmup_epochs=${warmup}`];
  const ofTeacher = arm === token ? [`teacher.training.epochs=${teacher}`, `teacher.training.warmup_epochs=${teacherWarmup}`] : [];
  return changed(arm, `${arm.name}-${images}`, ...student, ...ofTeacher);
}

/** The three learners with their accuracies. */
const learners = [
  { name: "ConvNet teacher", arm: token, by: "teacher" },
  { name: "plain", arm: none, by: "class" },
  { name: "⚗", arm: token, by: "mean" },
] as const;
type Learner = (typeof learners)[number];

const nameOf = ({ name }: Learner, { images }: Amount): string => `${name}, ${images} images`;

const quantities = learners.flatMap((learner) =>
  amounts.map((amount): Quantity => top1(nameOf(learner, amount), withImages(learner.arm, amount), learner.by, null)),
);

const lines = learners.map((learner) =>
  measuredLine(
    learner.name,
    amounts.map((amount) => [amount.images, nameOf(learner, amount)]),
  ),
);

const [convnet, plain, distilled] = learners;
const [fewest, some, most] = amounts;

/** DeiT-B gains this much from its teacher (Table 3), in points. */
const GAIN = 1.6;
/** The least that would matter where the paper says nothing, in points. */
const MATTERS = 1;

const gains = [fewest, some, most].map((amount) =>
  more(`With ${amount.images} images, ⚗ is better than plain.`, nameOf(distilled, amount), nameOf(plain, amount), GAIN),
);
const convnets = [fewest, some, most].map((amount) =>
  more(
    `With ${amount.images} images, the ConvNet is better than the plain transformer.`,
    nameOf(convnet, amount),
    nameOf(plain, amount),
    MATTERS,
  ),
);

export const dataEfficiency: Experiment = {
  name: "data-efficiency",
  title: "Data efficiency",
  question: "How do a ConvNet, a plain transformer and a transformer that learns from the ConvNet depend on the number of training images?",
  source: "beyond the paper",
  paper: "DeiT-B on all of ImageNet, which gains 1.6 points from its teacher (Table 3)",
  arms: amounts.flatMap((amount) => [withImages(token, amount), withImages(none, amount)]),
  measurements: [],
  alone: false,
  quantities,
  claims: [
    ...gains,
    more(
      "The gain from the teacher is larger with 500 images than with 50000.",
      [nameOf(distilled, fewest), nameOf(plain, most)],
      [nameOf(plain, fewest), nameOf(distilled, most)],
      MATTERS,
    ),
    ...convnets,
  ],
  figures: [
    {
      title: "Top-1 on CIFAR-10’s 10,000 test images over the number of training images, each training with as many steps",
      x: { label: "training images", scale: "log" },
      y: { label: "top-1, %", scale: "linear" },
      lines,
    },
  ],
  settings: {
    cifar10: {
      recipe: "experiment/cifar10",
      seeds: 4,
      deviation: 1,
      because: "seeds differ in their images, which matters most where there are few",
      minutes: 105,
    },
  },
};
