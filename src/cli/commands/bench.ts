/** `deit bench`: how fast an engine is, as medians and as shares of what the machine can do. */
import { Argument, Option, type Command } from "commander";
import { gemm, op, peak } from "../bench/kernels.ts";
import { init } from "../bench/init.ts";
import { TRAIN_BATCH, type BenchOptions } from "../bench/options.ts";
import { program } from "../bench/programs.ts";
import { project, PROJECT_BATCH } from "../bench/project.ts";
import { memoryOption, positive, withEngine, withExamples, withJson } from "../options.ts";

/** The fewest samples whose median is told to others. */
const REPETITIONS = 15;

const WHAT =
  "peak: f32 products in registers; gemm: matrix products; op: each op; init: initial values; forward: a model; train: a training step; " +
  "project: what the trainings of the paper would take on a GPU that is not here";
const CLOCK =
  "On one thread times are of the processor: what else runs on the machine does not count. The peak of n threads is n times that of one.";

/** Each with the options that it has beside those of all. */
const benches = {
  peak: { run: peak, takes: [] },
  gemm: { run: gemm, takes: ["only"] },
  op: { run: op, takes: ["only"] },
  init: { run: init, takes: ["model"] },
  forward: { run: (options) => program("forward", options), takes: ["model", "imageSize", "batch", "profile"] },
  train: { run: (options) => program("train", options), takes: ["model", "imageSize", "batch", "teacher", "profile", "ranges", "memory"] },
  project: { run: project, takes: ["batch", "profile", "only"] },
} as const satisfies Readonly<Record<string, Bench>>;

interface Bench {
  readonly run: (options: BenchOptions) => Promise<void> | void;
  readonly takes: readonly Special[];
}

/** Options that only some have. */
const special = {
  only: "--only",
  model: "--model",
  imageSize: "--image-size",
  batch: "--batch",
  teacher: "--teacher",
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
    .addOption(new Option("--model <model>", "of init, forward and train").default("deit-tiny-distilled"))
    .addOption(
      new Option("--image-size <s>", "of forward and train: side of the images in pixels, a multiple of the patch").argParser(positive),
    )
    .addOption(
      new Option("--batch <b>", `images at once (default: of forward 1, of train ${TRAIN_BATCH}, of project ${PROJECT_BATCH})`).argParser(
        positive,
      ),
    )
    .addOption(new Option("--teacher <model>", "of train, for distilled models: its forward is part of the step, as that of regnety-16gf"))
    .addOption(memoryOption("of train; "))
    .option("--profile", "of forward, train and project: where the time goes, by op and phase")
    .addOption(new Option("--ranges", "of train: what half precision would make of each op's numbers, untimed").conflicts("profile"))
    .addOption(new Option("--only <name>", "of gemm, op and project: the rows whose name contains this"))
    .addOption(new Option("--repetitions <n>", "samples of each median; fewer than 15 are a try").argParser(positive).default(REPETITIONS));
  withExamples(withJson(withEngine(command)), [
    ["deit bench gemm", "matrix products of DeiT's layers, forwards and backwards"],
    ["deit bench op --only attention", "with its fused kernel and without"],
    ["deit bench init --model deit-base-distilled", "the values that training starts from"],
    ["deit bench forward --model deit-base-distilled --image-size 384", "an image through a model"],
    ["deit bench train --profile", "a training step, op by op"],
    ["deit bench train --ranges", "how large and how small its numbers are"],
    ["deit bench train --batch 8 --json", "for a script"],
    ["deit bench project --adapter h100 --only base", "launches, bytes and FLOP of a step, and 300 epochs of them"],
  ])
    .addHelpText("after", `\n${CLOCK}`)
    .action(run);
}
