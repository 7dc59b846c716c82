/** Results of `deit bench`, for people and for scripts. */
import type { GemmRow } from "../../bench/gemm.ts";
import { forwardRatio } from "../../bench/gemm.ts";
import type { InitTiming } from "../../bench/init.ts";
import type { OpRow } from "../../bench/ops.ts";
import type { Roofline } from "../../bench/roofline.ts";
import type { PeakResult } from "../../bench/peak.ts";
import type { ProgramTiming } from "../../bench/program.ts";
import type { Spread } from "../../bench/statistics.ts";
import { megabytes, print, say, table } from "../output.ts";

const RATE_DIGITS = 1;
const RATIO_DIGITS = 3;
const MS_DIGITS = 3;
const MEGA = 1e6;

const rate = (gflops: number): string => gflops.toFixed(RATE_DIGITS);
const ratioText = (ratio: number): string => (Number.isFinite(ratio) ? ratio.toFixed(RATIO_DIGITS) : "?");
const ms = (value: number): string => value.toFixed(MS_DIGITS);
const range = ({ min, upper }: Spread): string => `${ms(min)} … ${ms(upper)}`;

interface Kept {
  readonly kept: number;
  readonly taken: number;
}

/** Reports how many samples were kept. Samples whose two peaks disagree are dropped (src/bench/paired.ts). */
function sayKept(all: readonly Kept[]): void {
  const sum = (of: (one: Kept) => number): number => all.reduce((total, one) => total + of(one), 0);
  if (all.length > 0) say(`kept ${sum((one) => one.kept)} of ${sum((one) => one.taken)} samples, those between two peaks that agree`);
}

export function printPeak({ median, lower, best }: PeakResult): void {
  print(`measured peak ${rate(median)} GFLOP/s (best ${rate(best)}, three quarters of the samples above ${rate(lower)})`);
}

export function gemmJson(rows: readonly GemmRow[]): readonly object[] {
  sayKept(rows.flatMap(({ against }) => against ?? []));
  return rows.map(({ shape, form, gflops, against }) => ({
    shape,
    form,
    gflops,
    ...(against === null ? {} : { peakGflops: against.peakGflops, ratio: against.ratio }),
  }));
}

export function printGemm(rows: readonly GemmRow[]): void {
  const cells = rows.map(({ shape, form, ms: spread, gflops, against }) => [
    shape,
    form,
    ms(spread.median),
    range(spread),
    rate(gflops),
    ...(against === null ? [] : [rate(against.peakGflops), ratioText(against.ratio), `${against.kept}/${against.taken}`]),
  ]);
  const head = ["GEMM", "form", "median ms", "min … 75 % ms", "GFLOP/s", "peak", "ratio", "kept"];
  const lines = table([head.slice(0, cells[0]?.length), ...cells], ["left", "left", ...head.slice(2).map(() => "right" as const)]);
  for (const line of lines) print(line);
  const ratio = forwardRatio(rows);
  if (Number.isNaN(ratio)) return;
  print("");
  print(`geometric mean of the forward form (NT): ${ratioText(ratio)} of the measured peak`);
}

export const opJson = (rows: readonly OpRow[]): readonly object[] =>
  rows.map(({ op, title, phase, ms: spread, gflops, roofline, unfused }) => ({
    op,
    shape: title,
    phase,
    ms: spread.median,
    ...(gflops === null ? {} : { gflops }),
    ...(roofline === null ? {} : { roofline }),
    ...(unfused === null ? {} : { unfusedMs: unfused.ms.median, gain: unfused.gain }),
  }));

/** What the op moves and computes, how fast, and its share of the bound. */
const rooflineCells = ({ bytes, flop, gbPerSecond, copyGbPerSecond, gflops, by, share }: Roofline): readonly string[] => [
  (bytes / MEGA).toFixed(RATIO_DIGITS),
  (flop / MEGA).toFixed(RATIO_DIGITS),
  rate(gbPerSecond),
  rate(copyGbPerSecond),
  rate(gflops),
  by,
  ratioText(share),
];

export function printOps(rows: readonly OpRow[]): void {
  const bounded = rows.some(({ roofline }) => roofline !== null);
  const cells = rows.map(({ op, title, phase, ms: spread, gflops, roofline, unfused }) => [
    op,
    title,
    phase,
    ms(spread.median),
    range(spread),
    ...(roofline === null ? [gflops === null ? "" : rate(gflops)] : rooflineCells(roofline)),
    unfused === null ? "" : ms(unfused.ms.median),
    unfused === null ? "" : unfused.gain.toFixed(2),
  ]);
  const rates = bounded ? ["MB", "MFLOP", "GB/s", "copy GB/s", "GFLOP/s", "bound by", "of bound"] : ["GFLOP/s"];
  const head = ["op", "shape", "", "median ms", "min … 75 % ms", ...rates, "unfused ms", "gain"];
  for (const line of table([head, ...cells], ["left", "left", "left", ...head.slice(3).map(() => "right" as const)])) print(line);
}

export function programJson(timing: ProgramTiming): object {
  const { msPerImage, gflops, against, reservedBytes, planBytes, freshBytes } = timing;
  sayKept(against === null ? [] : [against]);
  return {
    msPerImage: msPerImage.median,
    imagesPerSecond: 1000 / msPerImage.median,
    gflops,
    ...(against === null ? {} : { peakGflops: against.peakGflops, ratio: against.ratio }),
    reservedBytes,
    planBytes,
    freshBytes,
  };
}

/** What was run. */
export interface AboutProgram {
  readonly what: "forward" | "train";
  readonly model: string;
  readonly imageSize: number;
  readonly batch: number;
  /** The teacher whose forward pass is part of a step; null if there is none, or its logits are given. */
  readonly teacher: string | null;
}

export const titleOf = ({ what, model, imageSize, batch, teacher }: AboutProgram): string =>
  `${what} of ${model}${teacher === null ? "" : ` by ${teacher}`} at ${imageSize}×${imageSize}, batch ${batch}`;

export function printProgram(about: AboutProgram, timing: ProgramTiming): void {
  const { msPerImage, gflops, against, reservedBytes, planBytes, freshBytes } = timing;
  print(`${titleOf(about)}: ${ms(msPerImage.median)} ms an image (${range(msPerImage)})`);
  print(`matrix multiplications over the whole time: ${rate(gflops)} GFLOP/s`);
  if (against !== null) {
    const { peakGflops, ratio, kept, taken } = against;
    print(`${ratioText(ratio)} of the measured peak, ${rate(peakGflops)} GFLOP/s; kept ${kept} of ${taken} samples`);
  }
  if (about.what === "train")
    print(
      `forward, objective, backward and AdamW${about.teacher === null ? "; a teacher's logits are given, its forward pass is not timed" : ""}`,
    );
  print(`memory: ${megabytes(reservedBytes)} held${planBytes === null ? "" : `, ${megabytes(planBytes)} planned`}, ${freshBytes} bytes newly allocated after the first run`); // prettier-ignore
}

export function printInit(model: string, { parameters, ms: spread }: InitTiming): void {
  const nanoseconds = (spread.median * MEGA) / parameters;
  print(
    `initial parameters of ${model}: ${ms(spread.median)} ms (${range(spread)}), ${nanoseconds.toFixed(RATE_DIGITS)} ns each of ${parameters}`,
  );
}
