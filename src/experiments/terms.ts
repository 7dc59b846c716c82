/** The terms in which most experiments are written: accuracies, and comparisons of two. */
import type { Arm, Claim, Quantity } from "./experiment.ts";

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

/** One quantity is above another, in the paper by `effect`. */
export const more = (text: string, higher: string, lower: string, effect: number): Claim => ({
  text,
  of: [[higher], [lower]],
  says: { kind: "more", effect },
  deviation: null,
});

/** Two quantities are equal within a margin. */
export const equal = (text: string, one: string, other: string, within: number): Claim => ({
  text,
  of: [[one], [other]],
  says: { kind: "equal", within },
  deviation: null,
});
