/** Results of `deit bench project`, for people and for scripts. */
import type { Adapter } from "../../bench/adapters.ts";
import type { ForecastSettings } from "../../bench/forecast.ts";
import { costOf } from "../../bench/profileTree.ts";
import type { Projection, Stage } from "../../bench/projection.ts";
import { print, table } from "../output.ts";
import { printProfile, profileJson } from "./profileTable.ts";

/** A training whose cost is predicted. */
export interface Case extends Pick<ForecastSettings, "precision"> {
  readonly model: string;
  /** The teacher whose forward pass is part of a step; null for a plain model, which has none. */
  readonly teacher: string | null;
  readonly stage: Stage;
}

export const nameOf = ({ model, stage, precision }: Case): string => `${model} ${stage.imageSize} ${precision}`;

interface ProjectedCase extends Case {
  /** The projection, or a string that says why such a step is impossible. */
  readonly found: Projection | string;
}

export interface Projections {
  readonly adapter: Adapter;
  /** Images of a step. */
  readonly batch: number;
  readonly rows: readonly ProjectedCase[];
}

const GIGA = 1e9;
const TERA = 1e12;
const DIGITS = 1;

const NOTE = "prediction, not measured on hardware";

function foundJson({ forecast, largestBatch, at }: Projection, profile: boolean): object {
  const { dispatches, bytes, macs } = costOf(forecast.root);
  return {
    dispatches,
    bytes,
    macs,
    flop: forecast.flop,
    memoryBytes: forecast.memory,
    largestBatch,
    at,
    ...(profile ? profileJson({ root: forecast.root, peakGflops: null }) : {}),
  };
}

/** What the figures are computed from; without what its driver reports. */
const ratesOf = ({ title, f32, f16, bandwidth, memory, source }: Adapter): Omit<Adapter, "reported"> => ({
  title,
  f32,
  f16,
  bandwidth,
  memory,
  source,
});

export const projectionsJson = ({ adapter, batch, rows }: Projections, profile: boolean): object => ({
  what: "project",
  note: NOTE,
  adapter: ratesOf(adapter),
  batch,
  rows: rows.map(({ model, teacher, stage, precision, found }) => ({
    model,
    ...(teacher === null ? {} : { teacher }),
    imageSize: stage.imageSize,
    epochs: stage.epochs,
    precision,
    paperHours: stage.paperHours,
    ...(typeof found === "string" ? { refused: found } : foundJson(found, profile)),
  })),
});

function cellsOf({ model, stage, precision, found }: ProjectedCase): readonly string[] {
  const name = [model, `${stage.imageSize}`, precision];
  if (typeof found === "string") return [...name, "refused"];
  const { dispatches, bytes } = costOf(found.forecast.root);
  return [
    ...name,
    `${dispatches}`,
    (bytes / GIGA).toFixed(DIGITS),
    (found.forecast.flop / TERA).toFixed(DIGITS),
    (found.forecast.memory / GIGA).toFixed(DIGITS),
    `${found.largestBatch}`,
    ...found.at.flatMap(({ ms, imagesPerSecond, hours }) => [ms, imagesPerSecond, hours].map((x) => x.toFixed(DIGITS))),
  ];
}

const AT = ["ms", "images/s", "hours"];
const HEAD = ["model", "side", "", "dispatches", "GB", "TFLOP", "memory GB", "largest batch", ...AT, ...AT.map((name) => `${name} at ½`)];

const EXPLAINED = `The kernels reach all bounds, or half of each; a dispatch costs another 2 µs. The trainings are 300 epochs at 224 and 25 epochs at 384, which took the
authors 53 h and 20 h for DeiT-B on eight V100. A step of a distilled model includes the forward pass of its teacher, a RegNetY-16GF.`;

export function printProjections({ adapter, batch, rows }: Projections, profile: boolean): void {
  const { title, f32, f16, bandwidth, source } = adapter;
  print(`${title}, steps of ${batch} images: ${NOTE}`);
  print(`${(f32 / TERA).toFixed(DIGITS)} TFLOP/s in f32, ${(f16 / TERA).toFixed(DIGITS)} in f16 matrix multiplications, ${(bandwidth / GIGA).toFixed(0)} GB/s: ${source}`); // prettier-ignore
  print("");
  const lines = table([HEAD, ...rows.map(cellsOf)], ["left", "right", "left", ...HEAD.slice(3).map(() => "right" as const)]);
  for (const line of lines) print(line);
  print("");
  for (const row of rows) if (typeof row.found === "string") print(`refused: ${nameOf(row)}: ${row.found}`);
  print(EXPLAINED);
  for (const { model, teacher, stage, found } of rows) {
    if (!profile || typeof found === "string") continue;
    print("");
    printProfile({ what: "train", model, teacher, imageSize: stage.imageSize, batch }, { root: found.forecast.root, peakGflops: null });
  }
}
