/** `deit bench`: measures how fast an engine is, in medians and as shares of the machine's measured peak. */
import { Argument, Option, type Command } from "commander";
import { gemm, op, peak } from "../bench/kernels.ts";
import { init } from "../bench/init.ts";
import { TRAIN_BATCH, type BenchOptions } from "../bench/options.ts";
import { program } from "../bench/programs.ts";
import { loader } from "../bench/loader.ts";
import { training } from "../bench/trainingTable.ts";
import { project, PROJECT_BATCH } from "../bench/project.ts";
import { rates } from "../bench/rates.ts";
import { scaling } from "../bench/scaling.ts";
import { sums } from "../bench/sums.ts";
import { collected, memoryOption, positive, withEngine, withExamples, withJson, workersOption } from "../options.ts";

/** The number of samples unless --repetitions says otherwise, and the fewest whose median is worth reporting. */
const REPETITIONS = 15;
/** Steps of a training that are timed, unless --repetitions says otherwise. */
const STEPS = 200;

const WHAT =
  "peak: multiplications and additions on registers alone; gemm: matrix multiplications; op: each op; init: initial values; " +
  "forward: a forward pass; train: a training step, or with --recipe the steps of a real training; loader: batches of augmented images, without a training; project: how long the paper's trainings would take on a GPU, which is not needed; rates: what project assumes, measured on a GPU; sums: sums over the ranks that mpirun starts; scaling: how a step would scale to many ranks";
const CLOCK =
  "On one thread, processor time is measured, so that other processes do not count. The measured peak of n threads is n times that of one.";

/** The benches, each with the options that it takes in addition to the common ones. */
const benches = {
  peak: { run: peak, takes: [] },
  gemm: { run: gemm, takes: ["only"] },
  op: { run: op, takes: ["only"] },
  init: { run: init, takes: ["model"] },
  forward: { run: (options) => program("forward", options), takes: ["model", "imageSize", "batch", "profile"] },
  train: {
    run: (options) => program("train", options),
    takes: ["model", "imageSize", "batch", "teacher", "profile", "ranges", "memory", "whole"],
  },
  loader: { run: loader, takes: ["data", "recipe", "workers", "digest"] },
  project: { run: project, takes: ["batch", "profile", "only"] },
  rates: { run: rates, takes: ["model", "imageSize", "batch"] },
  sums: { run: sums, takes: [] },
  scaling: { run: scaling, takes: ["model", "imageSize", "batch", "ranks", "node"] },
} as const satisfies Readonly<Record<string, Bench>>;

/** `train` with a recipe. */
const trainingBench: Bench = { run: training, takes: ["recipe", "set", "workers", "profile"], repetitions: STEPS };

interface Bench {
  readonly run: (options: BenchOptions) => Promise<void> | void;
  readonly takes: readonly Special[];
  /** The number of samples unless --repetitions says otherwise; default: `REPETITIONS`. */
  readonly repetitions?: number;
}

/** Options that only some benches take. */
const special = {
  only: "--only",
  model: "--model",
  imageSize: "--image-size",
  batch: "--batch",
  teacher: "--teacher",
  memory: "--memory",
  profile: "--profile",
  set: "--set",
  ranges: "--ranges",
  whole: "--whole",
  data: "--data",
  recipe: "--recipe",
  workers: "--workers",
  digest: "--digest",
  ranks: "--ranks",
  node: "--node",
} as const;
type Special = keyof typeof special;

const isBench = (what: string): what is keyof typeof benches => what in benches;
const isSpecial = (option: string): option is Special => option in special;

/** @throws RangeError for an option that has no effect on this bench */
async function run(what: string, options: BenchOptions, command: Command): Promise<void> {
  if (!isBench(what)) throw new RangeError(`unknown bench ${what}`);
  const isGiven = (option: string): boolean => command.getOptionValueSource(option) === "cli";
  const bench: Bench = what === "train" && isGiven("recipe") ? trainingBench : benches[what];
  const unused = Object.keys(special).find((option) => isSpecial(option) && isGiven(option) && !bench.takes.includes(option));
  if (unused !== undefined && isSpecial(unused)) throw new RangeError(`${special[unused]} has no effect on ${what}; see deit bench --help`);
  await bench.run(isGiven("repetitions") ? options : { ...options, repetitions: bench.repetitions ?? options.repetitions });
}

export function addBench(parent: Command): void {
  const command = parent
    .command("bench")
    .description("how fast an engine is: medians, and shares of a peak that is measured at the same time")
    .addArgument(new Argument("[what]", WHAT).choices(Object.keys(benches)).default("op"))
    .addOption(new Option("--model <model>", "for init, forward, train, rates and scaling: the model").default("deit-tiny-distilled"))
    .addOption(
      new Option(
        "--image-size <s>",
        "for forward, train, rates and scaling: side of the images in pixels, a multiple of the patch",
      ).argParser(positive),
    )
    .addOption(
      new Option(
        "--batch <b>",
        `images in a batch (default: 1 for forward, ${TRAIN_BATCH} for train and rates, ${PROJECT_BATCH} for project and, a rank, for scaling)`,
      ).argParser(positive),
    )
    .addOption(
      new Option(
        "--teacher <model>",
        "for train of distilled models: a teacher whose forward pass is part of the step, such as regnety-16gf",
      ),
    )
    .addOption(memoryOption("for train; "))
    .option("--profile", "for forward, train and project: where the time goes, by op and phase")
    .addOption(
      new Option("--ranges", "for train: what half precision would do to the numbers of each op, without timing").conflicts("profile"),
    )
    .option("--whole", "for train: also upload, normalise, erase and mix the images, and average the weights, as in the paper's recipe")
    .addOption(new Option("--only <name>", "for gemm, op and project: only the rows whose name contains this"))
    .addOption(new Option("--data <data>", "for loader: the images, as for `deit train`").default("synthetic:256"))
    .addOption(new Option("--recipe <recipe>", "for loader: how they are augmented; for train: what is trained").default("deit-base"))
    .addOption(
      new Option("--set <key=value>", "for train with --recipe: change a value of the recipe; may be given several times").argParser(
        collected,
      ),
    )
    .addOption(workersOption())
    .option("--ranks <list>", "for scaling: numbers of ranks, powers of two")
    .option("--node <node>", "for scaling: h100 or cpu")
    .option("--digest", "for loader: the SHA-256 of each batch of an epoch, without timing")
    .addOption(
      new Option(
        "--repetitions <n>",
        `samples of each median; fewer than 15 give a rough figure only (with train --recipe: steps, default ${STEPS})`,
      )
        .argParser(positive)
        .default(REPETITIONS),
    );
  withExamples(withJson(withEngine(command)), [
    ["deit bench gemm", "matrix multiplications of DeiT's layers, forward and backward"],
    ["deit bench op --only attention", "attention with its fused kernel and without"],
    ["deit bench init --model deit-base-distilled", "the initial values of training"],
    ["deit bench forward --model deit-base-distilled --image-size 384", "a forward pass of one image"],
    ["deit bench train --profile", "a training step, op by op"],
    ["deit bench train --ranges", "how large and how small the numbers of a step are"],
    ["deit bench train --batch 8 --json", "for a script"],
    ["deit bench train --recipe digits --workers 0 --profile", "a real training on one thread, and where its time goes"],
    ["deit bench loader --data val.tar --workers 2", "how fast photographs are decoded and augmented"],
    ["mpirun -n 2 npx deit bench sums", "how long sums of 4 bytes to 344 MB take"],
    ["deit bench rates --engine webgpu --model deit-base --batch 64", "what the prediction above assumes, measured"],
    ["deit bench scaling --model deit-base --node h100", "a prediction for 8 to 1,024 GPUs"],
    ["deit bench project --adapter h100 --only base", "dispatches, bytes and FLOP of a step, and the time of 300 epochs"],
  ])
    .addHelpText("after", `\n${CLOCK}`)
    .action(run);
}
