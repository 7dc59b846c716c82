/** `deit explain`: shows where a formula, an op or a part of a network is in the source, and what an engine runs for it. */
import { Option, type Command } from "commander";
import { adapterNamed } from "../../bench/adapters.ts";
import type { WebgpuPrecision } from "../../engines/webgpu/run.ts";
import { explain, type EngineChoice, type Explanation } from "../../explain/explain.ts";
import { targetOf, UnknownTargetError, type ExplainTarget } from "../../explain/target.ts";
import { nearest } from "../../recipe/nearest.ts";
import { explanationLines } from "../explanation.ts";
import { positive, precisionOption, withExamples, withJson, type JsonOption } from "../options.ts";
import { print, printJson } from "../output.ts";

interface ExplainOptions extends JsonOption {
  readonly engine?: string;
  readonly adapter?: string;
  readonly precision?: WebgpuPrecision;
  readonly threads?: number;
}

const ADAPTER = "h100";
const SUGGESTIONS = 3;
const engines = ["reference", "wasm", "wasm-fma", "webgpu"] as const;

/** @throws RangeError for an unknown engine, or an option that has no effect on it */
function engineChoice({ engine, adapter, precision, threads }: ExplainOptions): EngineChoice | null {
  const name = engines.find((known) => known === engine);
  if (engine !== undefined && name === undefined) throw new RangeError(`unknown engine ${engine}; known: ${engines.join(", ")}`);
  if (name !== "webgpu" && (adapter !== undefined || precision !== undefined))
    throw new RangeError(`--${adapter === undefined ? "precision" : "adapter"} is for --engine webgpu, got ${name ?? "no engine"}`);
  const isWasm = name === "wasm" || name === "wasm-fma";
  if (!isWasm && threads !== undefined) throw new RangeError(`--threads is for --engine wasm, got ${name ?? "no engine"}`);
  if (name === undefined) return null;
  if (isWasm) return { name, threads: threads ?? 1 };
  if (name === "reference") return { name };
  const modelled = adapter ?? ADAPTER;
  adapterNamed(modelled);
  return { name: "webgpu", adapter: modelled, precision: precision ?? "f32" };
}

/** @throws RangeError with the nearest names for a word that is not known */
function subjectNamed(text: string): ExplainTarget {
  try {
    return targetOf(text);
  } catch (error) {
    if (!(error instanceof UnknownTargetError) || error.known.length === 0) throw error;
    const [word = ""] = text.trim().split(/\s+/);
    throw new RangeError(`${error.message}; nearest are ${nearest(word, error.known, SUGGESTIONS).join(", ")}`, { cause: error });
  }
}

function explanationOf(text: string, choice: EngineChoice | null): Explanation {
  const subject = subjectNamed(text);
  try {
    return explain(subject, choice);
  } catch (error) {
    if (subject.kind !== "operation" || !(error instanceof Error)) throw error;
    const repeated = new RegExp(`^(?:${subject.call.operation.name}(?: \\(\\w+\\))?: )+`); // the op's name, from its path and from its check
    throw new RangeError(`"${text}": ${error.message.replace(repeated, "")}`, { cause: error });
  }
}

function run(words: readonly string[], options: ExplainOptions): void {
  const explanation = explanationOf(words.join(" "), engineChoice(options));
  if (options.json === true) return printJson(explanation);
  for (const line of explanationLines(explanation)) print(line);
}

export function addExplain(program: Command): void {
  const command = program
    .command("explain")
    .description("show where a formula, an op or a part of a network is in the source, and what an engine runs for it; no device is needed")
    .argument("<what...>", 'E1 … E39, G1 … G22, an op, a path such as blocks.0.attn, or an op with shapes: "linear 64x197x768 3072"')
    .addOption(new Option("--engine <name>", `the engine: ${engines.join(", ")}; without it, only the source is shown`))
    .addOption(new Option("--threads <n>", "for wasm: how many threads share the work (default: 1)").argParser(positive))
    .addOption(new Option("--adapter <name>", `for webgpu: the modelled adapter (default: ${ADAPTER})`))
    .addOption(precisionOption());
  withExamples(withJson(command), [
    ["deit explain E7", "the equation, its code, its gradient, its check"],
    ["deit explain attention --engine wasm --threads 4", "on DeiT-Ti's shapes at batch 1"],
    ["deit explain blocks.0.attn --engine webgpu", "as a part of DeiT-Ti"],
    ['deit explain "linear 64x197x768 3072" --engine webgpu --adapter h100 --precision f16', "with the WGSL"],
  ]).action(run);
}
