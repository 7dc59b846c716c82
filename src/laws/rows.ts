/** The rows of `deit check`: the equations and gradients of deit.md by number, the laws of each op, and the identities. */
import type { Row } from "../check/row.ts";
import { lossGradientRows } from "./lossGradients.ts";
import { lossIdentities } from "./lossIdentities.ts";
import { lossRows } from "./losses.ts";
import { mixingRows } from "./mixing.ts";
import { networkRows } from "./network.ts";
import { networkGradientRows } from "./networkGradients.ts";
import { identities as networkIdentities } from "./networkIdentities.ts";
import { opRows } from "./opRows.ts";
import { positionRows } from "./positions.ts";
import { recipeRows } from "./recipe.ts";
import { recipeIdentities } from "./recipeIdentities.ts";
import { allSubjects } from "./subjects.ts";
import { teacherRows } from "./teacher.ts";
import { teacherIdentities } from "./teacherIdentities.ts";

const given: readonly Row[] = [
  ...networkRows,
  ...networkGradientRows,
  ...networkIdentities,
  ...lossRows,
  ...lossGradientRows,
  ...lossIdentities,
  ...positionRows,
  ...recipeRows,
  ...recipeIdentities,
  ...mixingRows,
  ...teacherRows,
  ...teacherIdentities,
];

/** E4 → 4; null for an id without a number. */
const numberOf = ({ id }: Row, letter: string): number | null => (id.startsWith(letter) && /^.\d+$/.test(id) ? Number(id.slice(1)) : null);

const numbered = (letter: string): readonly Row[] =>
  given.filter((row) => numberOf(row, letter) !== null).toSorted((a, b) => (numberOf(a, letter) ?? 0) - (numberOf(b, letter) ?? 0));

/** E1 …, G1 …, op/NAME, identity/NAME. */
export const allRows: readonly Row[] = [
  ...numbered("E"),
  ...numbered("G"),
  ...opRows(allSubjects),
  ...given.filter((row) => numberOf(row, "E") === null && numberOf(row, "G") === null),
];
