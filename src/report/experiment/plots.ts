/** Draws the results of an experiment: accuracies of every seed, and differences with their intervals. */
import * as Plot from "@observablehq/plot";
import type { Judged, Measured } from "../../experiments/result.ts";
import { points } from "../../experiments/texts.ts";
import type { Html } from "../html.ts";
import { colour, drawn } from "../plots.ts";

/** Height of a row, and of axis and margins together, in CSS pixels. */
const [ROW, AROUND] = [34, 72];

const DIGITS = 2;

/** A dot for every seed, and a line for the mean. */
export function accuraciesPlot(quantities: readonly Measured[]): Html {
  const seeds = quantities.flatMap(({ name, values }) => values.map((value, seed) => ({ name, value, seed })));
  return drawn(`Top-1 by seed, means: ${quantities.map(({ name, mean }) => `${name} ${mean.toFixed(DIGITS)} %`).join(", ")}.`, {
    height: AROUND + ROW * quantities.length,
    marginLeft: 170,
    x: { label: "top-1, %", grid: true, nice: true },
    y: { label: null, domain: quantities.map(({ name }) => name), tickSize: 0 },
    marks: [
      Plot.dot(seeds, { y: "name", x: "value", stroke: colour("soft"), strokeOpacity: 0.7, r: 3 }),
      Plot.tickX(quantities, { y: "name", x: "mean", stroke: colour("student"), strokeWidth: 3, insetTop: 5, insetBottom: 5 }),
    ],
  });
}

const colours = { seen: "right", "not seen": "wrong", "not decidable at this scale": "soft" } as const;

/** Mean differences on bars that show their 95 % intervals, numbered as the claims; the paper's effect is a ring. */
export function differencesPlot(claims: readonly Judged[]): Html {
  const rows = claims.map((claim, i) => ({
    ...claim,
    row: `${i + 1}`,
    from: claim.interval[0],
    to: claim.interval[1],
    by: colour(colours[claim.reading]),
  }));
  const effects = rows.flatMap(({ row, says }) => (says.kind === "more" ? [{ row, effect: says.effect }] : []));
  const margins = rows.flatMap(({ row, says }) => (says.kind === "equal" ? [{ row, from: -says.within, to: says.within }] : []));
  const bounded = rows.filter(({ from }) => Number.isFinite(from));
  return drawn(`Differences in points: ${rows.map(({ row, mean, reading }) => `claim ${row} ${points(mean)}, ${reading}`).join("; ")}.`, {
    height: AROUND + ROW * rows.length,
    marginLeft: 40,
    x: { label: "difference, points", grid: true, nice: true },
    y: { label: "claim", domain: rows.map(({ row }) => row), tickSize: 0 },
    marks: [
      Plot.ruleX([0]),
      Plot.ruleY(margins, { y: "row", x1: "from", x2: "to", stroke: colour("soft"), strokeOpacity: 0.25, strokeWidth: 18 }),
      Plot.ruleY(bounded, { y: "row", x1: "from", x2: "to", stroke: "by", strokeWidth: 8, strokeOpacity: 0.3, strokeLinecap: "round" }),
      Plot.dot(rows, { y: "row", x: "mean", fill: "by", r: 5 }),
      Plot.dot(effects, { y: "row", x: "effect", stroke: "currentColor", r: 6, fill: "none" }),
    ],
  });
}
