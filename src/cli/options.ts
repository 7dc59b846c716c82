/** Options that several commands share, and how their values are read. */
import { availableParallelism } from "node:os";
import { InvalidArgumentError, Option, type Command } from "commander";
import type { WebgpuPrecision } from "../engines/webgpu/run.ts";
import type { Memory, MemoryChoice } from "../train/step/deitTask.ts";

/** @throws InvalidArgumentError, which commander turns into the command's one line */
function integerFrom(min: number, most: number = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || !Number.isSafeInteger(value) || value < min)
      throw new InvalidArgumentError(`It must be an integer of at least ${min}.`);
    if (value > most) throw new InvalidArgumentError(`It must be at most ${most}.`);
    return value;
  };
}

/** A number that is written in digits, at least 0. @throws InvalidArgumentError */
function nonNegative(text: string): number {
  if (!/^\d+(\.\d+)?$/.test(text) || !Number.isFinite(Number(text))) throw new InvalidArgumentError("It must be a number of at least 0.");
  return Number(text);
}

/** 1, 2, … */
export const positive: (text: string) => number = integerFrom(1);
/** 0, 1, … */
export const natural: (text: string) => number = integerFrom(0);
/** 1, 2, … most */
export const positiveUpTo = (most: number): ((text: string) => number) => integerFrom(1, most);

/** The parser of an option that may be given several times. */
export const collected = (text: string, before: readonly string[] = []): readonly string[] => [...before, text];

/** Which adapter the webgpu engine uses. */
export interface AdapterOption {
  readonly adapter?: string;
}

/** Options of the webgpu engine. */
export interface GpuOptions extends AdapterOption {
  readonly defaultLimits?: true;
  readonly tensorCores?: true;
  readonly unchecked?: true;
  /** In MB. */
  readonly gpuMemory?: number;
  /** The longest buffer, in MB. */
  readonly gpuSlab?: number;
  /** The most work of one command buffer, in seconds on a slow adapter. */
  readonly submitWork?: number;
  readonly precision?: WebgpuPrecision;
}

export interface EngineOptions extends GpuOptions {
  readonly engine: string;
  readonly threads: number;
}

export interface JsonOption {
  readonly json?: true;
}

export const adapterOption = (): Option =>
  new Option(
    "--adapter <name>",
    "for webgpu: hardware, swiftshader, an index in the list of `deit engines`, part of an adapter's name, or a backend (vulkan, metal, d3d12); default: a GPU, else SwiftShader",
  );

export const precisionOption = (): Option =>
  new Option("--precision <p>", "for webgpu: f16 stores activations in half the memory, and sums in f32 (default: f32)").choices([
    "f32",
    "f16",
  ] satisfies WebgpuPrecision[]);

export interface WorkersOption {
  readonly workers: number;
}

/** Threads that a core can be shared by; each takes some 20 MB. */
const WORKERS_A_CORE = 8;

/** Threads beside this one that prepare images. */
export function workersOption(): Option {
  const cores = availableParallelism();
  return new Option("--workers <n>", "threads that decode and augment images; 0: they are prepared between the steps")
    .argParser(integerFrom(0, WORKERS_A_CORE * cores))
    .default(cores - 1, "the number of cores − 1");
}

/** The longest time between checkpoints, in minutes. */
export const CHECKPOINT_MINUTES = 10;

export const checkpointMinutesOption = (): Option =>
  new Option("--checkpoint-minutes <m>", "save after this time, also within an epoch, such as 0.5; 0: only at the end of each epoch")
    .argParser(nonNegative)
    .default(CHECKPOINT_MINUTES);

export const submitWorkOption = (): Option =>
  new Option(
    "--submit-work <s>",
    "for webgpu, where a driver resets the device: the most work of one command buffer, in seconds on a slow GPU (default: 0.25, and more where the GPU is fast)",
  ).argParser(nonNegative);

export const withEngine = (command: Command): Command =>
  command
    .addOption(new Option("--engine <name>", "the engine: see `deit engines`").default("wasm"))
    .addOption(new Option("--threads <n>", "threads that the engine uses").argParser(positive).default(1))
    .addOption(adapterOption())
    .option("--default-limits", "for webgpu: use only the limits and features that every device has")
    .addOption(
      new Option(
        "--gpu-memory <MB>",
        "for webgpu: the most memory that tensors may take, since a GPU does not say how much it has",
      ).argParser(positive),
    )
    .addOption(
      new Option(
        "--gpu-slab <MB>",
        "for webgpu: the longest buffer, where a tensor is longer than 1 GiB and the adapter can bind it (default: 1074)",
      ).argParser(positive),
    )
    .option("--tensor-cores", "for webgpu: use subgroup matrices (experimental in Dawn) if the adapter has them")
    .option("--unchecked", "for webgpu: leave out Dawn's own checks within programs, of indices and of memory that was not written")
    .addOption(precisionOption());

/** These options as words of a command line. */
export const engineArguments = ({
  engine,
  threads,
  adapter,
  defaultLimits,
  gpuMemory,
  gpuSlab,
  tensorCores,
  unchecked,
  precision,
}: EngineOptions): readonly string[] => [
  "--engine",
  engine,
  "--threads",
  `${threads}`,
  ...(adapter === undefined ? [] : ["--adapter", adapter]),
  ...(defaultLimits === true ? ["--default-limits"] : []),
  ...(gpuMemory === undefined ? [] : ["--gpu-memory", `${gpuMemory}`]),
  ...(gpuSlab === undefined ? [] : ["--gpu-slab", `${gpuSlab}`]),
  ...(tensorCores === true ? ["--tensor-cores"] : []),
  ...(unchecked === true ? ["--unchecked"] : []),
  ...(precision === undefined ? [] : ["--precision", precision]),
];

export const withSeed = (command: Command, what: string): Command =>
  command.addOption(new Option("--seed <n>", what).argParser(natural).default(0));

export const withJson = (command: Command): Command => command.option("--json", "print one JSON object on stdout and nothing else");

export interface MemoryOption {
  readonly memory: Memory;
}

export const memoryOption = (of: string): Option =>
  new Option(
    "--memory <memory>",
    `${of}low: recompute blocks for their gradients instead of keeping them; the results are bitwise identical`,
  )
    .choices(["normal", "low"] satisfies Memory[])
    .default("normal" satisfies Memory);

export const memoryChoiceOption = (): Option =>
  new Option(
    "--memory <memory>",
    "low: recompute blocks for their gradients instead of keeping them, with bitwise identical results; fit: low if normal does not fit",
  )
    .choices(["normal", "low", "fit"] satisfies MemoryChoice[])
    .default("normal" satisfies MemoryChoice);

/** Adds examples to the end of `--help`. */
export function withExamples(command: Command, examples: readonly (readonly [line: string, what: string])[]): Command {
  const width = Math.max(...examples.map(([line]) => line.length));
  return command.addHelpText("after", `\nExamples:\n${examples.map(([line, what]) => `  ${line.padEnd(width)}  ${what}`).join("\n")}`);
}
