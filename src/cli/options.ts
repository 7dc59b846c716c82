/** Options that several commands share, and how their values are read. */
import { InvalidArgumentError, Option, type Command } from "commander";
import type { WebgpuPrecision } from "../engines/webgpu/run.ts";
import type { Memory, MemoryChoice } from "../train/step/deitTask.ts";

/** @throws InvalidArgumentError, which commander turns into the command's one line */
function integerFrom(min: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || !Number.isSafeInteger(value) || value < min)
      throw new InvalidArgumentError(`It must be an integer of at least ${min}.`);
    return value;
  };
}

/** 1, 2, … */
export const positive: (text: string) => number = integerFrom(1);
/** 0, 1, … */
export const natural: (text: string) => number = integerFrom(0);

/** An option that can be given several times. */
export const collected = (text: string, before: readonly string[] = []): readonly string[] => [...before, text];

export interface AdapterOption {
  readonly adapter?: string;
}

/** Of the webgpu engine alone. */
export interface GpuOptions extends AdapterOption {
  readonly defaultLimits?: true;
  readonly tensorCores?: true;
  /** In MB. */
  readonly gpuMemory?: number;
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
    "of webgpu: hardware, swiftshader, part of an adapter's name, or a backend (vulkan, metal, d3d12); default: a GPU, else SwiftShader",
  );

export const precisionOption = (): Option =>
  new Option("--precision <p>", "of webgpu: f16 stores activations in half of the memory, and sums in f32 (default: f32)").choices([
    "f32",
    "f16",
  ] satisfies WebgpuPrecision[]);

export const withEngine = (command: Command): Command =>
  command
    .addOption(new Option("--engine <name>", "what computes: see `deit engines`").default("wasm"))
    .addOption(new Option("--threads <n>", "threads of the engine").argParser(positive).default(1))
    .addOption(adapterOption())
    .option("--default-limits", "of webgpu: no more than every device has")
    .addOption(
      new Option("--gpu-memory <MB>", "of webgpu: the most that tensors may take; a GPU does not tell how much it has").argParser(positive),
    )
    .option("--tensor-cores", "of webgpu: matrices of subgroups, an experiment of Dawn, where the adapter has them")
    .addOption(precisionOption());

/** What these options were on a command line. */
export const engineArguments = ({
  engine,
  threads,
  adapter,
  defaultLimits,
  gpuMemory,
  tensorCores,
  precision,
}: EngineOptions): readonly string[] => [
  "--engine",
  engine,
  "--threads",
  `${threads}`,
  ...(adapter === undefined ? [] : ["--adapter", adapter]),
  ...(defaultLimits === true ? ["--default-limits"] : []),
  ...(gpuMemory === undefined ? [] : ["--gpu-memory", `${gpuMemory}`]),
  ...(tensorCores === true ? ["--tensor-cores"] : []),
  ...(precision === undefined ? [] : ["--precision", precision]),
];

export const withSeed = (command: Command, what: string): Command =>
  command.addOption(new Option("--seed <n>", what).argParser(natural).default(0));

export const withJson = (command: Command): Command => command.option("--json", "print one JSON object on stdout, and nothing else");

export interface MemoryOption {
  readonly memory: Memory;
}

export const memoryOption = (of: string): Option =>
  new Option("--memory <memory>", `${of}low: blocks are not kept but run again for their gradients, to the same bits`)
    .choices(["normal", "low"] satisfies Memory[])
    .default("normal" satisfies Memory);

export const memoryChoiceOption = (): Option =>
  new Option(
    "--memory <memory>",
    "low: blocks are not kept but run again for their gradients, to the same bits; fit: low where normal has no room",
  )
    .choices(["normal", "low", "fit"] satisfies MemoryChoice[])
    .default("normal" satisfies MemoryChoice);

/** Examples below the options of `--help`. */
export function withExamples(command: Command, examples: readonly (readonly [line: string, what: string])[]): Command {
  const width = Math.max(...examples.map(([line]) => line.length));
  return command.addHelpText("after", `\nExamples:\n${examples.map(([line, what]) => `  ${line.padEnd(width)}  ${what}`).join("\n")}`);
}
