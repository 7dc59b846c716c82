/** The terms in which most experiments are written: accuracies, comparisons of two, lines through quantities, and accuracies on CIFAR-10. */
import type { Arm, Claim, Line, Quantity, Setting } from "./experiment.ts";

/** Whose decision: one of the student's heads or both, or the teacher's. */
type By = "class" | "distillation" | "mean" | "softmax-sum" | "teacher";

/** The top-1 of an arm on the test images. */
export const top1 = (name: string, { name: of }: Arm, by: By, paper: number | null): Quantity => ({
  name,
  of,
  value: by === "teacher" ? "teacher.top1" : `student.${by}.top1`,
  unit: "%",
  paper,
});

/** The name of a quantity, or those of several that are added. */
type Terms = string | readonly string[];

const listed = (terms: Terms): readonly string[] => (typeof terms === "string" ? [terms] : terms);

/** One quantity, or sum of quantities, is above another, in the paper by `effect`. `deviation`: as a claim has it. */
export const more = (text: string, higher: Terms, lower: Terms, effect: number, deviation: number | null = null): Claim => ({
  text,
  of: [listed(higher), listed(lower)],
  says: { kind: "more", effect },
  deviation,
});

/** Two quantities are equal within a margin. */
export const equal = (text: string, one: string, other: string, within: number): Claim => ({
  text,
  of: [[one], [other]],
  says: { kind: "equal", within },
  deviation: null,
});

/** A line through quantities that are measured here, by their names. */
export const measuredLine = (name: string, points: readonly (readonly [x: number, quantity: string])[]): Line => ({
  name,
  from: "ours",
  joined: true,
  points: points.map(([x, y]) => ({ x, y, label: null })),
});

/** Accuracies on CIFAR-10, by a recipe, with as many seeds, and about so many minutes. */
export const onCifar = (recipe: string, seeds: number, minutes: number): Setting => ({
  recipe,
  seeds,
  deviation: 0.8,
  because:
    "two models that disagree on 40 % of 10,000 images differ by chance by 0.6 points, and seeds differ in their images and initial values",
  minutes,
});
