/** How differences in points are written. */
import type { Claim } from "./experiment.ts";
import type { Interval } from "./statistics.ts";

/** 1.2 → `+1.20`; a number that is not known: `–` */
export const points = (x: number): string => (Number.isFinite(x) ? `${x > 0 ? "+" : ""}${x.toFixed(2)}` : "–");

/** What the paper says of a difference: `+1.20`, `within ±0.5`. */
export const effectText = (says: Claim["says"]): string => (says.kind === "more" ? points(says.effect) : `within ±${says.within}`);

/** `-0.72 … +0.34` */
export const intervalText = ([from, to]: Interval): string =>
  Number.isFinite(from) ? `${points(from)} … ${points(to)}` : "unknown for one seed";
