/** `deit bench`: how fast an engine is, as medians and as shares of what the machine can do. */
import { Argument, Option, type Command } from "commander";
import { clockOf } from "../bench/clock.ts";
import { forwardProgram } from "../bench/forward.ts";
import { engineGemm, forwardRatio, wasmGemm } from "../bench/gemm.ts";
import { benchOp } from "../bench/ops.ts";
import { benchPeak, peakMeter } from "../bench/peak.ts";
import { products, shapeText } from "../bench/products.ts";
import { profiled } from "../bench/profile.ts";
import { benchProgram } from "../bench/program.ts";
import { programRanges } from "../bench/ranges.ts";
import { metersOf } from "../bench/roofline.ts";
import { median } from "../bench/statistics.ts";
import type { TimingOptions } from "../bench/timing.ts";
import { trainProgram } from "../bench/train.ts";
import type { DeitConfig } from "../model/config.ts";
import { opBenches } from "./benchFiles.ts";
import { gemmJson, opJson, printGemm, printOps, printPeak, printProgram, programJson } from "./benchTables.ts";
import { engineOf } from "./engines.ts";
import { modelNamed } from "./models.ts";
import { nearest } from "./nearest.ts";
import {
  memoryOption,
  positive,
  withEngine,
  withExamples,
  withJson,
  type EngineOptions,
  type JsonOption,
  type MemoryOption,
} from "./options.ts";
import { printJson, showForNow } from "./output.ts";
import { printProfile, profileJson } from "./profileTable.ts";
import { printRanges, rangesJson } from "./rangesTable.ts";

interface BenchOptions extends EngineOptions, JsonOption, MemoryOption {
  readonly model: string;
  readonly imageSize?: number;
  readonly batch?: number;
  readonly repetitions: number;
  readonly profile?: true;
  readonly ranges?: true;
  readonly only?: string;
}

/** The fewest samples whose median is told to others. */
const REPETITIONS = 15;
const TRAIN_BATCH = 8;
const SUGGESTIONS = 3;

const timingOf = ({ threads, repetitions }: BenchOptions): TimingOptions => ({ repetitions, clock: clockOf(threads) });

/** The register peak is that of WASM's multiplications and additions, fused or not. */
const hasPeak = ({ engine }: BenchOptions): boolean => engine.startsWith("wasm");

const WHAT = "peak: f32 products in registers; gemm: matrix products; op: each op; forward: a model; train: a training step";
const CLOCK =
  "On one thread times are of the processor: what else runs on the machine does not count. The peak of n threads is n times that of one.";

/** What every report begins with. */
const headOf = (what: string, { engine, threads }: BenchOptions): object => ({ what, engine, threads });

/** @throws RangeError where nothing is left, with the nearest names */
function chosen<T>(all: readonly T[], nameOf: (one: T) => string, only: string | undefined): readonly T[] {
  if (only === undefined) return all;
  const found = all.filter((one) => nameOf(one).includes(only));
  const likely = (): string => nearest(only, all.map(nameOf), SUGGESTIONS).join(", ");
  if (found.length === 0) throw new RangeError(`--only ${only}: nothing of that name; nearest are ${likely()}`);
  return found;
}

/** @throws RangeError for more threads than are timed */
function onOneCore(what: string, { threads }: BenchOptions): void {
  if (threads > 1) throw new RangeError(`--threads ${threads}: ${what} is timed on one core; --threads 1 would be right`);
}

function configOf({ model, imageSize }: BenchOptions): DeitConfig {
  const named = modelNamed(model, imageSize);
  if (named.kind !== "deit") throw new RangeError(`--model ${model}: only DeiT is timed; deit-tiny-distilled would do`);
  return named.config;
}

async function peak(options: BenchOptions): Promise<void> {
  await engineOf(options);
  onOneCore("the register peak", options);
  if (!hasPeak(options))
    throw new RangeError(`--engine ${options.engine}: the register peak is that of the wasm engine; --engine wasm would be right`);
  const found = await benchPeak(timingOf(options));
  if (options.json === true) printJson({ ...headOf("peak", options), peakGflops: found.median });
  else printPeak(found);
}

async function gemm(options: BenchOptions): Promise<void> {
  const engine = await engineOf(options);
  onOneCore("a product", options);
  const asked = chosen(products, (product) => `${shapeText(product)} ${product.form}`, options.only?.replaceAll("x", "×"));
  const onRow = ({ shape, form }: { readonly shape: string; readonly form: string }): void => showForNow(`${shape} ${form}`);
  const rows = hasPeak(options) ? await wasmGemm(asked, timingOf(options), onRow) : engineGemm(engine, asked, timingOf(options), onRow);
  showForNow("");
  const overall = hasPeak(options)
    ? { peakGflops: median(rows.flatMap(({ against }) => against?.peakGflops ?? [])), ratio: forwardRatio(rows) }
    : {};
  if (options.json === true) printJson({ ...headOf("gemm", options), ...overall, rows: gemmJson(rows) });
  else printGemm(rows);
}

async function op(options: BenchOptions): Promise<void> {
  const engine = await engineOf(options);
  const asked = chosen(await opBenches(), ({ name }) => name, options.only);
  const timing = timingOf(options);
  const settings = { ...timing, meters: hasPeak(options) ? await metersOf(await peakMeter(timing.clock)) : null };
  const rows = asked.flatMap((bench) => benchOp(engine, bench, settings, (row) => showForNow(`${row.op} ${row.title}`)));
  showForNow("");
  if (options.json === true) printJson({ ...headOf("op", options), rows: opJson(rows) });
  else printOps(rows);
}

async function program(what: "forward" | "train", options: BenchOptions): Promise<void> {
  const engine = await engineOf(options);
  const config = configOf(options);
  const timing = timingOf(options);
  const onOne = hasPeak(options) ? await peakMeter(timing.clock) : null;
  const settings = { ...timing, peak: onOne === null ? null : () => options.threads * onOne() };
  const { batch = what === "train" ? TRAIN_BATCH : 1 } = options;
  const timed = what === "train" ? trainProgram(config, options.memory) : forwardProgram(config);
  const about = { model: options.model, imageSize: config.imageSize, batch, ...(what === "train" ? { memory: options.memory } : {}) };
  const head = { ...headOf(what, options), ...about };
  if (options.ranges === true) {
    const found = await programRanges(engine, timed, batch);
    if (options.json === true) printJson({ ...head, ...rangesJson(found) });
    else printRanges(about, found);
    return;
  }
  if (options.profile === true) {
    const found = profiled(engine, timed, batch, settings);
    if (options.json === true) printJson({ ...head, ...profileJson(found) });
    else printProfile(what, about, found);
    return;
  }
  const found = benchProgram(engine, timed, batch, settings);
  if (options.json === true) printJson({ ...head, ...programJson(found) });
  else printProgram(what, about, found);
}

/** Each with the options that it has beside those of all. */
const benches = {
  peak: { run: peak, takes: [] },
  gemm: { run: gemm, takes: ["only"] },
  op: { run: op, takes: ["only"] },
  forward: { run: (options) => program("forward", options), takes: ["model", "imageSize", "batch", "profile"] },
  train: { run: (options) => program("train", options), takes: ["model", "imageSize", "batch", "profile", "ranges", "memory"] },
} as const satisfies Readonly<Record<string, Bench>>;

interface Bench {
  readonly run: (options: BenchOptions) => Promise<void>;
  readonly takes: readonly Special[];
}

/** Options that only some have. */
const special = {
  only: "--only",
  model: "--model",
  imageSize: "--image-size",
  batch: "--batch",
  memory: "--memory",
  profile: "--profile",
  ranges: "--ranges",
} as const;
type Special = keyof typeof special;

const isBench = (what: string): what is keyof typeof benches => what in benches;
const isSpecial = (option: string): option is Special => option in special;

/** @throws RangeError for an option that would be of no effect */
async function run(what: string, options: BenchOptions, command: Command): Promise<void> {
  if (!isBench(what)) throw new RangeError(`unknown bench ${what}`);
  const bench: Bench = benches[what];
  const vain = Object.keys(special).find(
    (option) => isSpecial(option) && command.getOptionValueSource(option) === "cli" && !bench.takes.includes(option),
  );
  if (vain !== undefined && isSpecial(vain)) throw new RangeError(`${special[vain]} says nothing to ${what}; see deit bench --help`);
  await bench.run(options);
}

export function addBench(parent: Command): void {
  const command = parent
    .command("bench")
    .description("how fast an engine is: medians, and shares of the register peak measured at the same time")
    .addArgument(new Argument("[what]", WHAT).choices(Object.keys(benches)).default("op"))
    .addOption(new Option("--model <model>", "of forward and train").default("deit-tiny-distilled"))
    .addOption(
      new Option("--image-size <s>", "of forward and train: side of the images in pixels, a multiple of the patch").argParser(positive),
    )
    .addOption(new Option("--batch <b>", `of forward and train: images at once (default: 1, of train ${TRAIN_BATCH})`).argParser(positive))
    .addOption(memoryOption("of train; "))
    .option("--profile", "of forward and train: where the time goes, by op and phase")
    .addOption(new Option("--ranges", "of train: what half precision would make of each op's numbers, untimed").conflicts("profile"))
    .addOption(new Option("--only <name>", "of gemm and op: the rows whose name contains this"))
    .addOption(new Option("--repetitions <n>", "samples of each median; fewer than 15 are a try").argParser(positive).default(REPETITIONS));
  withExamples(withJson(withEngine(command)), [
    ["deit bench gemm", "matrix products of DeiT's layers, forwards and backwards"],
    ["deit bench op --only attention", "with its fused kernel and without"],
    ["deit bench forward --model deit-base-distilled --image-size 384", "an image through a model"],
    ["deit bench train --profile", "a training step, op by op"],
    ["deit bench train --ranges", "how large and how small its numbers are"],
    ["deit bench train --batch 8 --json", "for a script"],
  ])
    .addHelpText("after", `\n${CLOCK}`)
    .action(run);
}
