/** The curves of a training as SVG, in the colours of the page. */
import * as Plot from "@observablehq/plot";
import type { StepPoint } from "./student.ts";

/** A curve. */
export interface Curve {
  readonly name: string;
  /** A colour of the page. */
  readonly stroke: string;
  /** So that curves differ by more than colour. */
  readonly dashes: string;
  readonly points: readonly { readonly x: number; readonly y: number }[];
}

/** How many points of a curve are drawn; of more, neighbours become their mean. */
const MOST_POINTS = 250;

/** The points, or means of neighbours if they are many. */
export function thinned(points: Curve["points"]): Curve["points"] {
  const size = Math.ceil(points.length / MOST_POINTS);
  if (size <= 1) return points;
  return Array.from({ length: Math.ceil(points.length / size) }, (_, i) => {
    const own = points.slice(i * size, (i + 1) * size);
    return { x: own.at(-1)?.x ?? 0, y: own.reduce((sum, { y }) => sum + y, 0) / own.length };
  });
}

/** The curves of the loss: the whole, and that of the labels alone if there is another part. */
export const lossCurves = (points: readonly StepPoint[], names: { readonly all: string; readonly truth: string }): readonly Curve[] => [
  { name: names.all, stroke: "var(--vp-c-brand-1)", dashes: "none", points: points.map(({ step, loss }) => ({ x: step, y: loss })) },
  {
    name: names.truth,
    stroke: "var(--vp-c-text-2)",
    dashes: "3 3",
    points: points.flatMap(({ step, truth }) => (truth === null ? [] : [{ x: step, y: truth }])),
  },
];

const [HEIGHT, MARGIN] = [200, 48];

/** Draws curves as wide as there is room; screen readers read `label`. `y` is the domain of the ordinate, or null for that of the points. */
export function drawnCurves(
  curves: readonly Curve[],
  label: string,
  width: number,
  y: readonly [number, number] | null,
  steps: number,
): Element {
  const shown = curves.filter(({ points }) => points.length > 0);
  const svg = Plot.plot({
    width,
    height: HEIGHT,
    marginLeft: MARGIN,
    className: "curves",
    ariaLabel: label,
    x: { domain: [0, Math.max(1, steps)], label: null, ticks: 5 },
    y: { ...(y === null ? {} : { domain: [...y] }), grid: true, label: null, ticks: 5, nice: true },
    marks: [
      Plot.ruleY([0]),
      ...shown.map(({ points, stroke, dashes }) =>
        Plot.lineY(thinned(points), { x: "x", y: "y", stroke, strokeWidth: 2, strokeDasharray: dashes }),
      ),
    ],
  });
  svg.querySelector("style")?.remove(); // the page has its own
  svg.setAttribute("role", "img");
  for (const group of svg.querySelectorAll("g[aria-label]")) group.removeAttribute("aria-label"); // parts of an image have no names
  return svg;
}
