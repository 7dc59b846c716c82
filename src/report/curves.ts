/** Shows how a run learned: a plot for each of the numbers that its metrics have. */
import * as Plot from "@observablehq/plot";
import type { MetricsCurves, MetricsWindow } from "../io/metricsWindows.ts";
import type { MetricsRow } from "../io/metrics.ts";
import { html, percent, type Html } from "./html.ts";
import { colour, drawn } from "./plots.ts";
import type { Report } from "./report.ts";

/** A stage of the run. */
interface Stage {
  readonly name: "teacher" | "student";
  readonly curves: MetricsCurves;
}

/** A curve of a plot. */
interface Line {
  /** The name in the metrics. */
  readonly of: string;
  /** What the legend calls it; null: as its stage. */
  readonly name: string | null;
  /** The name of its colour; null: as its stage. */
  readonly ink: string | null;
}

/** A plot over all stages. */
interface Figure {
  readonly label: string;
  readonly percent?: true;
  readonly lines: readonly Line[];
  readonly caption: string;
}

const single = (of: string): readonly Line[] => [{ of, name: null, ink: null }];

/** Numbers of every step. */
const STEPS: readonly Figure[] = [
  {
    label: "loss, nats",
    lines: [
      ...single("loss"),
      { of: "loss_class", name: "class part", ink: "class" },
      { of: "loss_teacher", name: "teacher part", ink: "distillation" },
    ],
    caption: "The loss of each step on its own batch, with augmentation and label smoothing",
  },
  { label: "learning rate", lines: single("lr"), caption: "The learning rate" },
  { label: "gradient norm", lines: single("gradient_norm"), caption: "The norm of the gradient of all parameters, before clipping" },
  { label: "images/s", lines: single("images_per_second"), caption: "The speed, in images a second" },
  { label: "waiting, %", percent: true, lines: single("data_wait"), caption: "The share of the time that was spent waiting for data" },
  { label: "loss scale", lines: single("loss_scale"), caption: "The factor on the loss in f16" },
  { label: "skipped steps", lines: single("skipped"), caption: "Steps that were left out because a gradient was not finite" },
  { label: "memory, bytes", lines: single("memory"), caption: "The memory of the engine’s tensors" },
];

/** Shares of the test images, at the end of each epoch. */
const ACCURACIES: Figure = {
  label: "top-1, %",
  percent: true,
  lines: [
    ...single("top1"),
    { of: "top1_class", name: "class head", ink: "class" },
    { of: "top1_distillation", name: "distillation head", ink: "distillation" },
    { of: "top1_ema", name: "averaged weights", ink: "right" },
  ],
  caption: "Top-1 on the test images at the end of each epoch",
};

/** Steps of an epoch. */
function perEpoch({ evaluated, last }: MetricsCurves): number {
  const row = evaluated.at(-1) ?? last;
  return row === null ? 1 : row.step / (row.epoch + 1);
}

/** A line with its stage. */
interface Drawn extends Line {
  readonly stage: Stage;
  readonly ink: string;
  readonly name: string;
}

/** The lines of a figure that the metrics have. */
const drawnLines = (stages: readonly Stage[], { lines }: Figure, has: (stage: Stage, of: string) => boolean): readonly Drawn[] =>
  stages.flatMap((stage) =>
    lines
      .filter(({ of }) => has(stage, of))
      .map((line) => ({ ...line, stage, ink: line.ink ?? stage.name, name: line.name ?? stage.name })),
  );

/** A plot with its legend and caption. */
function figure(
  { label, caption, percent: shares }: Figure,
  lines: readonly Drawn[],
  said: string,
  marks: readonly Plot.Markish[],
  more: string,
): Html {
  const keys = lines.map(({ name, ink }) => html`<span class="key"><i class="dot ${ink}"></i>${name}</span> `);
  return html`<figure>
    ${drawn(`${caption}, by epoch: ${said}.`, {
      x: { label: "epoch", nice: true, zero: true },
      y: { label, grid: true, nice: true, zero: true, ...(shares === true ? { percent: true } : {}) },
      marks: [...marks],
    })}
    <figcaption>${keys}<br />${caption}${more}.</figcaption>
  </figure>`;
}

/** The mean of each window, and for the first line of a stage a band from the least to the largest. */
function stepsFigure(stages: readonly Stage[], of: Figure): readonly Html[] {
  const spreadOf = (window: MetricsWindow, name: string): { readonly least: number; readonly mean: number; readonly most: number } =>
    window.spreads.get(name) ?? { least: NaN, mean: NaN, most: NaN };
  const lines = drawnLines(stages, of, ({ curves }, name) => curves.windows.some(({ spreads }) => spreads.has(name)));
  if (lines.length === 0) return [];
  const marks = lines.flatMap(({ stage: { curves }, of: name, ink }, i) => {
    const epoch = perEpoch(curves);
    const data = curves.windows.map((window) => ({ epochs: window.step / epoch, ...spreadOf(window, name) }));
    const band = lines.findIndex((line) => line.stage.curves === curves) === i;
    return [
      ...(band ? [Plot.areaY(data, { x: "epochs", y1: "least", y2: "most", fill: colour(ink), fillOpacity: 0.2 })] : []),
      Plot.lineY(data, { x: "epochs", y: "mean", stroke: colour(ink), strokeWidth: 1.8 }),
    ];
  });
  const said = lines.map(({ name }) => name).join(", ");
  return [figure(of, lines, said, marks, ": the mean over neighbouring steps, in a band from the least to the largest")];
}

function accuracyFigure(stages: readonly Stage[]): readonly Html[] {
  const lines = drawnLines(stages, ACCURACIES, ({ curves }, name) => curves.evaluated.some((row) => row[name] !== undefined));
  if (lines.length === 0) return [];
  const dataOf = ({ stage, of }: Drawn): readonly MetricsRow[] => stage.curves.evaluated.filter((row) => row[of] !== undefined);
  const marks = lines.flatMap((line) => {
    const x = (row: MetricsRow): number => row.epoch + 1;
    return [
      Plot.lineY(dataOf(line), { x, y: line.of, stroke: colour(line.ink), strokeWidth: 1.8 }),
      Plot.dot(dataOf(line), { x, y: line.of, fill: colour(line.ink), r: 2.4 }),
    ];
  });
  const said = lines.map((line) => `${line.name} ${percent(dataOf(line).at(-1)?.[line.of] ?? NaN)} at the end`).join(", ");
  const both = lines.some(({ stage, of }) => stage.name === "student" && of === "top1") ? "; the student by both heads" : "";
  return [figure(ACCURACIES, lines, said, marks, both)];
}

/** The curves of what the metrics have. */
export function curves({ metrics: { teacher, student } }: Report): Html {
  const all: readonly Stage[] = [{ name: "student", curves: student } as const, { name: "teacher", curves: teacher } as const];
  const stages = all.filter(({ curves: { windows } }) => windows.length > 0);
  if (stages.length === 0) return html`<p>The run has no metrics yet.</p>`;
  const [loss, ...others] = STEPS.map((one) => stepsFigure(stages, one));
  return html`<div class="pair">${[...(loss ?? []), ...accuracyFigure(stages), ...others.flat()]}</div>`;
}
