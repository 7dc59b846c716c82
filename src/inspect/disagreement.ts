/** Measures how often heads, teacher and labels disagree on the class of an image: Table 4 of the paper (deit.md 9.4) for a model and a data set. */
import { disagreement, type Decisions } from "../train/evaluation/decisions.ts";

/** Decisions that are compared: a row and a column of the table. */
export interface Decider {
  readonly name: string;
  /** A class number for each image. */
  readonly decisions: readonly number[];
}

/** The table. */
export interface DisagreementMatrix {
  readonly names: readonly string[];
  readonly images: number;
  /** Entry [i][j]: the share of the images for which i and j decide on different classes. The row of `truth` holds error rates. */
  readonly matrix: readonly (readonly number[])[];
}

/**
 * The deciders: `truth`; `teacher` if there is one; `class`, `distillation` and `both` (the mean of their logits) of a distilled model, or `model` if it
 * is plain.
 */
export function decidersOf({ labels, class: head, distillation, mean }: Decisions, teacher: readonly number[] | null): readonly Decider[] {
  const others = [{ name: "truth", decisions: labels }, ...(teacher === null ? [] : [{ name: "teacher", decisions: teacher }])];
  if (distillation === null) return [...others, { name: "model", decisions: head }];
  return [
    ...others,
    { name: "class", decisions: head },
    { name: "distillation", decisions: distillation },
    { name: "both", decisions: mean },
  ];
}

export const disagreementMatrix = (deciders: readonly Decider[]): DisagreementMatrix => ({
  names: deciders.map(({ name }) => name),
  images: deciders[0]?.decisions.length ?? 0,
  matrix: deciders.map((a) => deciders.map((b) => disagreement(a.decisions, b.decisions))),
});
