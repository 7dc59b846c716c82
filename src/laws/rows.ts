/** The rows of `deit check`: the equations and gradients of deit.md by number, the laws of each op, and the identities. */
import type { Row } from "../check/laws/row.ts";
import { drawRows } from "./rows/draws.ts";
import { lossGradientRows } from "./rows/lossGradients.ts";
import { lossIdentities } from "./identities/losses.ts";
import { lossRows } from "./rows/losses.ts";
import { mixingRows } from "./rows/mixing.ts";
import { networkRows } from "./rows/network.ts";
import { networkGradientRows } from "./rows/networkGradients.ts";
import { identities as networkIdentities } from "./identities/network.ts";
import { opRows } from "./rows/opRows.ts";
import { positionRows } from "./rows/positions.ts";
import { recipeRows } from "./rows/recipe.ts";
import { recipeIdentities } from "./identities/recipe.ts";
import { allSubjects } from "./cases/subjects.ts";
import { teacherRows } from "./rows/teacher.ts";
import { teacherIdentities } from "./identities/teacher.ts";

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
  ...drawRows,
];

/** E4 → 4; null for an id without a number. */
const numberOf = ({ id }: Row, letter: string): number | null => (id.startsWith(letter) && /^.\d+$/.test(id) ? Number(id.slice(1)) : null);

const numbered = (letter: string): readonly Row[] =>
  given.filter((row) => numberOf(row, letter) !== null).toSorted((a, b) => (numberOf(a, letter) ?? 0) - (numberOf(b, letter) ?? 0));

/** E1 …, G1 …, op/NAME, identity/NAME, draws/NAME. */
export const allRows: readonly Row[] = [
  ...numbered("E"),
  ...numbered("G"),
  ...opRows(allSubjects),
  ...given.filter((row) => numberOf(row, "E") === null && numberOf(row, "G") === null),
];
