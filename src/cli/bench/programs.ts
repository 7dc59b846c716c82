/** `deit bench forward|train`: whole programs. */
import { benchAsynchronous, isAsynchronous, type AsynchronousEngine } from "../../bench/asynchronous.ts";
import { forwardProgram } from "../../bench/forward.ts";
import { peakMeter } from "../../bench/peak.ts";
import { profiled } from "../../bench/profile.ts";
import { profiledAsynchronous } from "../../bench/profileAsynchronous.ts";
import { benchProgram, type Program } from "../../bench/program.ts";
import { programRanges } from "../../bench/ranges.ts";
import { trainProgram } from "../../bench/train.ts";
import type { Engine } from "../../kernels/engine.ts";
import type { DeitConfig } from "../../model/config.ts";
import type { RegnetConfig } from "../../teacher/config.ts";
import { asynchronousJson, printAsynchronous } from "./asynchronousTable.ts";
import { configOf, hasPeak, headOf, timingOf, TRAIN_BATCH, type BenchOptions } from "./options.ts";
import { printProgram, programJson, type AboutProgram } from "./tables.ts";
import { engineOf } from "../engine.ts";
import { modelNamed } from "../inputs/models.ts";
import { printJson } from "../output.ts";
import { printProfile, profileJson } from "./profileTable.ts";
import { printRanges, rangesJson } from "./rangesTable.ts";

/** @throws RangeError for a teacher of a plain model, or one that is not a RegNetY */
function teacherOf({ teacher: name }: BenchOptions, { distilled }: DeitConfig): RegnetConfig | null {
  if (name === undefined) return null;
  if (!distilled)
    throw new RangeError(`--teacher ${name}: a plain model has no teacher; use a distilled one, such as --model deit-base-distilled`);
  const named = modelNamed(name);
  if (named.kind !== "regnety") throw new RangeError(`--teacher ${name}: the teacher must be a RegNetY, such as regnety-16gf, the paper's`);
  return named.config;
}

function programOf(what: "forward" | "train", engine: Engine, config: DeitConfig, options: BenchOptions): Program {
  if (what === "forward") return forwardProgram(config);
  return trainProgram(config, options.memory, {
    teacher: teacherOf(options, config),
    scaledLoss: engine.precision === "f16",
    whole: options.whole === true,
  });
}

interface Asked {
  readonly about: AboutProgram;
  readonly program: Program;
  readonly options: BenchOptions;
}

/** The results, for scripts, and how to print them for people. */
interface Found {
  readonly json: object;
  readonly print: () => void;
}

async function timed(engine: Engine, { about, program, options }: Asked): Promise<Found> {
  const timing = timingOf(options);
  const onOne = hasPeak(options) ? await peakMeter(timing.clock) : null;
  const settings = { ...timing, peak: onOne === null ? null : () => options.threads * onOne() };
  if (options.profile === true) {
    const found = profiled(engine, program, about.batch, settings);
    return { json: profileJson(found), print: () => printProfile(about, found) };
  }
  const found = benchProgram(engine, program, about.batch, settings);
  return { json: programJson(found), print: () => printProgram(about, found) };
}

async function timedAsynchronously(engine: AsynchronousEngine, { about, program, options }: Asked): Promise<Found> {
  if (options.profile === true) {
    const found = { root: await profiledAsynchronous(engine, program, about.batch, options.repetitions), peakGflops: null };
    return { json: profileJson(found), print: () => printProfile(about, found) };
  }
  const found = await benchAsynchronous(engine, program, about.batch, options.repetitions);
  return { json: asynchronousJson(found), print: () => printAsynchronous(about, found) };
}

async function ranges(engine: Engine, { about, program }: Asked): Promise<Found> {
  const found = await programRanges(engine, program, about.batch);
  return { json: rangesJson(found), print: () => printRanges(about, found) };
}

export async function program(what: "forward" | "train", options: BenchOptions): Promise<void> {
  const config = configOf(options);
  const engine = await engineOf(options);
  const { model, memory, teacher, batch = what === "train" ? TRAIN_BATCH : 1 } = options;
  const about = { what, model, imageSize: config.imageSize, batch, teacher: teacher ?? null };
  const asked = { about, program: programOf(what, engine, config, options), options };
  const found = await (options.ranges === true
    ? ranges(engine, asked)
    : isAsynchronous(engine)
      ? timedAsynchronously(engine, asked)
      : timed(engine, asked));
  if (options.json !== true) return found.print();
  const ofTraining =
    what === "train" ? { memory, ...(teacher === undefined ? {} : { teacher }), ...(options.whole === true ? { whole: true } : {}) } : {};
  printJson({ ...headOf(what, options), model, imageSize: config.imageSize, batch, ...ofTraining, ...found.json });
}
