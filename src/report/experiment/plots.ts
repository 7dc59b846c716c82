/** Draws the results of an experiment: quantities of every seed, differences with their intervals, and figures. */
import * as Plot from "@observablehq/plot";
import type { DrawnFigure, DrawnLine, Judged, Measured } from "../../experiments/result.ts";
import { differenceText, numberText, units, type Unit } from "../../experiments/units.ts";
import type { Html } from "../html.ts";
import { colour, drawn } from "../plots.ts";

/** Height of a row, and of axis and margins together, in CSS pixels. */
const [ROW, AROUND] = [34, 72];
/** Width of the longest names of quantities, in CSS pixels. */
const NAMES = 220;

/** A dot for every seed, and a line for the mean, of the quantities of a unit. */
export function seedsPlot(unit: Unit, quantities: readonly Measured[]): Html {
  const seeds = quantities.flatMap(({ name, values }) => values.map((value, seed) => ({ name, value, seed })));
  const means = quantities.map(({ name, mean }) => `${name} ${numberText(unit, mean)}`);
  return drawn(`By seed, in ${unit}, means: ${means.join(", ")}.`, {
    height: AROUND + ROW * quantities.length,
    marginLeft: NAMES,
    x: { label: unit, grid: true, nice: true, type: units[unit].logarithmic ? "log" : "linear" },
    y: { label: null, domain: quantities.map(({ name }) => name), tickSize: 0 },
    marks: [
      Plot.dot(seeds, { y: "name", x: "value", stroke: colour("soft"), strokeOpacity: 0.7, r: 3 }),
      Plot.tickX(quantities, { y: "name", x: "mean", stroke: colour("student"), strokeWidth: 3, insetTop: 5, insetBottom: 5 }),
    ],
  });
}

const colours = { seen: "right", "not seen": "wrong", "not decidable at this scale": "soft" } as const;

/** The mean differences in a unit on bars that show their 95 % intervals, numbered as all claims are; the paper's effect is a ring. */
export function differencesPlot(unit: Unit, claims: readonly Judged[]): Html {
  const rows = claims
    .map((claim, i) => ({
      ...claim,
      row: `${i + 1}`,
      from: claim.interval[0],
      to: claim.interval[1],
      by: colour(colours[claim.reading]),
    }))
    .filter((claim) => claim.unit === unit);
  const effects = rows.flatMap(({ row, says }) => (says.kind === "more" ? [{ row, effect: says.effect }] : []));
  const margins = rows.flatMap(({ row, says }) => (says.kind === "equal" ? [{ row, from: -says.within, to: says.within }] : []));
  const bounded = rows.filter(({ from }) => Number.isFinite(from));
  const said = rows.map(({ row, mean, reading }) => `claim ${row} ${differenceText(unit, mean)}, ${reading}`);
  return drawn(`Differences, ${units[unit].differences}: ${said.join("; ")}.`, {
    height: AROUND + ROW * rows.length,
    marginLeft: 40,
    x: { label: `difference, ${units[unit].differences}`, grid: true, nice: true, tickFormat: (d: number) => differenceText(unit, d) },
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

/** The colours of a figure's lines, in their order. */
const LINES = ["student", "teacher", "distillation", "class", "wrong", "soft", "right", "ink"];
/** Space at the right for the names of the lines, in CSS pixels. */
const LEGEND = 170;
/** Height of a figure, in CSS pixels. */
const FIGURE = 380;

/** Points of a line with bars of one standard error to either side; those of the paper are rings, and dashed. */
function marksOf({ from, points, joined }: DrawnLine, stroke: string): readonly Plot.Markish[] {
  const ours = from === "ours";
  const bars = points.flatMap(({ x, y, error }) => (error === null || !(error > 0) ? [] : [{ x, from: y - error, to: y + error }]));
  const labelled = points.filter(({ label }) => label !== null);
  const style = { x: "x", y: "y", stroke } as const;
  return [
    ...(joined ? [Plot.line(points, ours ? style : { ...style, strokeDasharray: "5 4" })] : []),
    Plot.ruleX(bars, { x: "x", y1: "from", y2: "to", stroke, strokeWidth: 2, strokeOpacity: 0.6 }),
    Plot.dot(points, { ...style, fill: ours ? stroke : "none", r: 3.5 }),
    Plot.text(labelled, { x: "x", y: "y", text: "label", dx: 7, textAnchor: "start", fill: "currentColor", fontSize: 10 }),
  ];
}

/** y at the end of a line. */
const endOf = ({ points }: DrawnLine): number => points.at(-1)?.y ?? 0;

/** Height of a line of the legend, in CSS pixels. */
const NAME = 17;

/** The name of a line beside the plot, in its colour, in a list from the top. */
const named = (name: string, index: number, stroke: string): Plot.Markish =>
  Plot.text([name], {
    frameAnchor: "top-right",
    textAnchor: "start",
    text: (text: string) => text,
    dx: 14,
    dy: NAME * index,
    fill: stroke,
  });

/** A figure: y over x for each line, with standard errors. Lines are named beside the plot, in the order of their ends from the top. */
export function figurePlot({ title, x, y, lines }: DrawnFigure): Html {
  const stroked = lines.map((line, i) => ({ line, stroke: colour(LINES[i % LINES.length] ?? "soft") }));
  return drawn(`${title}: ${lines.map(({ name }) => name).join(", ")}.`, {
    height: FIGURE,
    marginLeft: 50,
    marginRight: LEGEND,
    x: { label: x.label, type: x.scale, grid: true, nice: true, tickFormat: "," },
    y: { label: y.label, type: y.scale, grid: true, nice: true },
    marks: [
      ...stroked.flatMap(({ line, stroke }) => marksOf(line, stroke)),
      ...stroked.toSorted((a, b) => endOf(b.line) - endOf(a.line)).map(({ line, stroke }, i) => named(line.name, i, stroke)),
    ],
  });
}
