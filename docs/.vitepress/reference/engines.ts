/** The page of the engines: for every op, whether a fused kernel of the engine does it, as `deit explain OP --engine E` says. */
import { explain, type EngineChoice, type Execution } from "../../../src/explain/explain.ts";
import { operations } from "../../../src/explain/operations/all.ts";
import { operationCall, type OperationCall } from "../../../src/explain/target.ts";
import { sourcePath } from "../markdown/sourceFiles.ts";
import { code, joined, table } from "./markdown.ts";

const INTRODUCTION = `Every engine can run every op by its definition: the kernels and the other ops of which it is made. For some ops an engine has a faster
kernel for the whole op, a fused kernel, and a law compares the two. The table says what runs on the default shapes of \`deit explain\`: those of DeiT-Ti, or
of the RegNetY teacher, on one image; for WebGPU on a model of an H100.

- **fused**: a fused kernel
- parts fused: the definition, in which some ops are fused
- definition: the definition, and nothing in it is fused

Where forward and VJP differ, the forward comes first. \`deit explain attention --engine webgpu\` lists the kernels of an op, by parts, and
[equations](../equations.md) those of each numbered formula.`;

/** The engines of the columns. */
const choices: readonly (readonly [title: string, choice: EngineChoice])[] = [
  ["reference", { name: "reference" }],
  ["wasm", { name: "wasm", threads: 1 }],
  ["wasm-fma", { name: "wasm-fma", threads: 1 }],
  ["webgpu", { name: "webgpu", adapter: "h100", precision: "f32" }],
  ["webgpu, f16", { name: "webgpu", adapter: "h100", precision: "f16" }],
];

/** What runs: a fused kernel, or the definition, perhaps with fused parts. */
function howOf({ how, parts }: Execution): string {
  if (how === "fused") return "**fused**";
  return parts.some((part) => part.how === "fused") ? "parts fused" : "definition";
}

function cellOf(call: OperationCall, choice: EngineChoice): string {
  const { engine } = explain({ kind: "operation", call }, choice);
  if (engine === undefined || engine.call === null) return "host";
  const [forward, vjp] = [howOf(engine), engine.vjp === undefined ? null : howOf(engine.vjp)];
  return vjp === null || vjp === forward ? forward : `${forward} / ${vjp}`;
}

function rowOf(name: string): readonly string[] {
  const call = operationCall(name);
  if (call === null) throw new Error(`${name} is no op`);
  const { file, line } = explain({ kind: "operation", call }, null).forward;
  return [`[${code(name)}](${sourcePath(file, line)})`, ...choices.map(([, choice]) => cellOf(call, choice))];
}

/** The whole page. */
export function enginesPage(): string {
  const rows = [...operations.keys()].map(rowOf);
  return joined(["# Engines", INTRODUCTION, table(["op", ...choices.map(([title]) => title)], rows)]);
}
