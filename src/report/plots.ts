/** Draws plots as SVG. Their colours are CSS variables of the page, so that they follow its light or dark mode. */
import * as Plot from "@observablehq/plot";
import { parseHTML } from "linkedom";
import type { TokenCosines } from "../train/evaluation/tokenCosines.ts";
import { percent, trusted, type Html } from "./html.ts";
import { light } from "./style.ts";

/** Size of a plot, in CSS pixels. */
export const WIDTH = 540;
const HEIGHT = 300;

/** Draws a plot; screen readers read `label` instead of it. */
export function drawn(label: string, options: Plot.PlotOptions): Html {
  const { document } = parseHTML("<!doctype html><html></html>");
  const svg = Plot.plot({
    width: WIDTH,
    height: HEIGHT,
    marginTop: 30,
    marginBottom: 42,
    ...options,
    document,
    className: "plot",
    ariaLabel: label,
  });
  svg.querySelector("style")?.remove(); // the page has its own
  svg.setAttribute("role", "img");
  return trusted(svg.outerHTML);
}

export const colour = (name: string): string => `var(--${name})`;

/** The accuracy of a head, of both together, or of the teacher. */
export interface Score {
  readonly name: string;
  /** Whose colour it has. */
  readonly by: "teacher" | "class" | "distillation" | "fused";
  /** A share. */
  readonly top1: number;
  /** Its confidence interval. */
  readonly interval: readonly [from: number, to: number];
}

const ROW = 34;

/** Accuracies as dots on bars that show their confidence intervals. */
export const scoresPlot = (scores: readonly Score[]): Html =>
  drawn(`Top-1 accuracies: ${scores.map(({ name, top1 }) => `${name} ${percent(top1)}`).join(", ")}.`, {
    height: 72 + ROW * scores.length,
    marginLeft: 150,
    x: { label: "top-1, %", percent: true, grid: true, nice: true },
    y: { label: null, domain: scores.map(({ name }) => name), tickSize: 0 },
    marks: [
      Plot.ruleY(scores, {
        y: "name",
        x1: (s: Score) => s.interval[0],
        x2: (s: Score) => s.interval[1],
        stroke: (s: Score) => colour(s.by),
        strokeWidth: 8,
        strokeOpacity: 0.28,
        strokeLinecap: "round",
      }),
      Plot.dot(scores, { y: "name", x: "top1", fill: (s: Score) => colour(s.by), r: 5 }),
    ],
  });

const COSINE_DIGITS = 2;
/** An outline that keeps text legible over lines. */
const halo = { stroke: "var(--page)", strokeWidth: 5, fill: "currentColor" };

const cosineText = (cosine: number): string => cosine.toFixed(COSINE_DIGITS).replace("-", "−");

/** The most layers for which the values are written out. */
const MOST_LABELLED = 20;
/** Space below the least cosine and above 1, so that numbers fit next to the curves. */
const ROOM = 0.12;
/** Width of a curve's name, in CSS pixels. */
const LEGEND = 120;

/** The cosine of the two tokens by layer, with and without their position embeddings. */
export function cosinePlot({ input, positioned, blocks, blocksWithoutPositions }: TokenCosines): Html {
  const [within, without] = [
    [positioned, ...blocks],
    [input, ...blocksWithoutPositions],
  ];
  const layers = within.map((cosine, i) => {
    const other = without[i] ?? NaN;
    return {
      layer: i === 0 ? "input" : `${i - 1}`,
      within: cosine,
      without: other,
      upper: Math.max(cosine, other),
      lower: Math.min(cosine, other),
    };
  });
  const curves = [
    { y: "within", name: "with positions", values: within, stroke: colour("fused"), dashes: "none" },
    { y: "without", name: "without positions", values: without, stroke: colour("distillation"), dashes: "5 4" },
  ] as const;
  const said = curves.map(({ name, values }) => `${name} ${values.map(cosineText).join(", ")}`);
  const written = (y: "upper" | "lower", dy: number): Plot.Markish =>
    Plot.text(layers, { x: "layer", y, text: (layer: (typeof layers)[number]) => cosineText(layer[y]), dy, ...halo });
  return drawn(`Cosine of class and distillation token at the input and after each block: ${said.join("; ")}.`, {
    x: { type: "point", domain: layers.map(({ layer }) => layer), label: "input, then after block 0, 1, …", labelAnchor: "center" },
    y: { label: "cosine", domain: [Math.min(0, ...layers.map(({ lower }) => lower)) - ROOM, 1 + ROOM / 2], grid: true },
    marks: [
      Plot.ruleY([0]),
      ...curves.flatMap(({ y, name, stroke, dashes }, i) => [
        Plot.lineY(layers, { x: "layer", y, stroke, strokeWidth: 1.8, strokeDasharray: dashes }),
        Plot.dot(layers, { x: "layer", y, fill: stroke, r: 4 }),
        Plot.text([name], { frameAnchor: "top-right", text: (text: string) => text, dx: -LEGEND * (1 - i), dy: -20, fill: stroke }),
      ]),
      ...(layers.length > MOST_LABELLED ? [] : [written("upper", -14), written("lower", 16)]),
    ],
  });
}

/** The plot as the text of an SVG file, in the light colours. */
export function standalone({ html: svg }: Html): string {
  const coloured = svg.replaceAll(/var\(--(\w+)\)/g, (whole, name: string) => light[name] ?? whole);
  const open = coloured.replace("<svg", `<svg xmlns="http://www.w3.org/2000/svg" color="${light["ink"]}"`);
  return open.replace(">", `><rect width="100%" height="100%" fill="${light["page"]}" />`);
}
