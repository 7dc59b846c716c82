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

/** Another model beside the one that is inspected. */
export interface Neighbour {
  readonly name: string;
  /** Its decisions on the same images. */
  readonly decisions: Decisions;
}

/** What a model decides by: each head and `both`, the mean of their logits; `plain` for the only head of a plain model. */
function ownDeciders(
  { class: head, distillation, mean }: Decisions,
  nameOf: (what: "class" | "distillation" | "both" | "plain") => string,
): readonly Decider[] {
  if (distillation === null) return [{ name: nameOf("plain"), decisions: head }];
  return [
    { name: nameOf("class"), decisions: head },
    { name: nameOf("distillation"), decisions: distillation },
    { name: nameOf("both"), decisions: mean },
  ];
}

const nameOfOwn = (what: string): string => (what === "plain" ? "model" : what);
const nameBeside = (name: string, what: string): string => (what === "plain" ? name : `${name} ${what}`);

/**
 * The deciders: `truth`; `teacher` if there is one; `class`, `distillation` and `both` (the mean of their logits) of a distilled model, or `model` if it
 * is plain; then for each neighbour `NAME class`, `NAME distillation` and `NAME both`, or `NAME` if it is plain.
 */
export const decidersOf = (own: Decisions, teacher: readonly number[] | null, neighbours: readonly Neighbour[]): readonly Decider[] => [
  { name: "truth", decisions: own.labels },
  ...(teacher === null ? [] : [{ name: "teacher", decisions: teacher }]),
  ...ownDeciders(own, nameOfOwn),
  ...neighbours.flatMap(({ name, decisions }) => ownDeciders(decisions, (what) => nameBeside(name, what))),
];

/** Names of the inspected model's table, which no neighbour may have. */
const TAKEN: readonly string[] = ["truth", "teacher", "class", "distillation", "both", "model"];

/** @throws RangeError if two rows of the table could have the same name */
export function checkNeighbourNames(names: readonly string[]): void {
  const seen = new Set(TAKEN);
  for (const name of names)
    for (const what of ["plain", "class", "distillation", "both"]) {
      const row = nameBeside(name, what);
      if (seen.has(row))
        throw new RangeError(`the table of disagreement has a row ${row} already; another name of the folder or file would be right`);
      seen.add(row);
    }
}

export const disagreementMatrix = (deciders: readonly Decider[]): DisagreementMatrix => ({
  names: deciders.map(({ name }) => name),
  images: deciders[0]?.decisions.length ?? 0,
  matrix: deciders.map((a) => deciders.map((b) => disagreement(a.decisions, b.decisions))),
});
