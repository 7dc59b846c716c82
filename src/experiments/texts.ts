/** How claims and their differences are written. */
import type { Claim, Setting } from "./experiment.ts";
import type { Interval } from "./statistics.ts";
import { differenceText, units, type Unit } from "./units.ts";

/** What the paper says of a difference: `+1.20`, `within ±0.50`, `within × 1.05`. */
export function effectText(unit: Unit, says: Claim["says"]): string {
  if (says.kind === "more") return differenceText(unit, says.effect);
  return `within ${units[unit].difference(says.within).replace("+", "±")}`;
}

/** `-0.72 … +0.34` */
export const intervalText = (unit: Unit, [from, to]: Interval): string =>
  Number.isFinite(from) ? `${differenceText(unit, from)} … ${differenceText(unit, to)}` : "unknown for one seed";

/** `4 seeds`. Where nothing is trained, what a seed would be is a round of all measurements: `3 rounds`. */
export const seedsText = ({ recipe, seeds }: Pick<Setting, "recipe" | "seeds">): string =>
  `${seeds} ${recipe === null ? "rounds" : "seeds"}`;
