/** Explains a formula, an op or a path of a network: the formula, its location in the source, and what an engine runs for it. */
import type { WebgpuPrecision } from "../engines/webgpu/run.ts";
import { referenceTracer } from "./engines/reference.ts";
import { callsIn, isCall, runsIn, type Dispatch, type TracedCall, type Tracer } from "./engines/trace.ts";
import { wasmTracer } from "./engines/wasm.ts";
import { webgpuTracer } from "./engines/webgpu.ts";
import { equations } from "./equations.ts";
import { traceNetwork, type NetworkPlace } from "./networks.ts";
import { makerOn } from "./operations/operation.ts";
import { operations } from "./operations/all.ts";
import {
  citedBy,
  commentOf,
  formulaOf,
  functionPlace,
  opPlaces,
  opTitle,
  rowPlace,
  titleOf,
  type SourceLocation,
  type RowLocation,
} from "./locations.ts";
import { operationCall, type OperationCall, type ExplainTarget } from "./target.ts";

/** The engine to report on. */
export type EngineChoice =
  | { readonly name: "reference" }
  | { readonly name: "wasm" | "wasm-fma"; readonly threads: number }
  | { readonly name: "webgpu"; readonly adapter: string; readonly precision: WebgpuPrecision };

/** An op that is called, with the kernels that it runs directly. */
export interface Part {
  readonly path: string;
  readonly op: string;
  readonly how: TracedCall["how"];
  readonly kernels: readonly string[];
}

/** A kernel of the WASM engine, and the number of chunks into which its work is divided. */
export interface ChunkedCall {
  readonly kernel: string;
  readonly chunks: number;
}

/** What an engine runs for a forward, or for a vjp. */
export interface Execution {
  readonly how: TracedCall["how"];
  /** In the order of their first run. */
  readonly kernels: readonly string[];
  readonly parts: readonly Part[];
  readonly calls?: readonly ChunkedCall[];
  readonly dispatches?: readonly Dispatch[];
}

/** What the engine runs for it: the forward, or the vjp for a gradient. */
export interface EngineReport extends Execution {
  readonly name: string;
  /** In the form that `deit explain` takes; null: the host computes it, without an engine. */
  readonly call: string | null;
  /** The path of the fused op inside which it is computed. */
  readonly inside?: string;
  readonly threads?: number;
  readonly adapter?: string;
  readonly precision?: WebgpuPrecision;
  /** The vjp, if the report covers both directions. */
  readonly vjp?: Execution;
}

export interface Explanation {
  /** `E7`, `attention` or `blocks.0.attn`. */
  readonly id: string;
  readonly title: string;
  readonly formula: string;
  readonly forward: SourceLocation;
  /** null: there is none. */
  readonly vjp: SourceLocation | null;
  /** null: there is none. */
  readonly oracle: SourceLocation | null;
  readonly row: RowLocation;
  readonly engine?: EngineReport;
}

type Located = Omit<Explanation, "engine">;

/** The location of a numbered formula. */
function formulaPlaces(id: string): Located {
  const equation = equations.get(id);
  if (equation === undefined) throw new RangeError(`there is no ${id}`);
  const { op, by, oracle } = equation;
  const ofOp = op === undefined ? null : opPlaces(op);
  const forward = by === undefined ? ofOp?.forward : functionPlace(by);
  if (forward === undefined) throw new Error(`${id}: neither an op nor a function`);
  return {
    id,
    title: titleOf(id),
    formula: formulaOf(id),
    forward,
    vjp: ofOp?.vjp ?? null,
    oracle: functionPlace(oracle),
    row: rowPlace(id),
  };
}

/** The numbers of the formulas that an op, or a function of that name, computes. */
export const formulasOf = (name: string): readonly string[] =>
  [...equations].filter(([, { op, by }]) => op === name || by?.endsWith(` ${name}`) === true).map(([id]) => id);

/** The equations and gradients of an op in docs/deit.md, and those that the head of its file cites; for an op without an equation, that head. */
function opFormula(name: string): string {
  const own = formulasOf(name);
  const comment = own.some((id) => id.startsWith("E")) ? null : commentOf(name);
  const numbers = new Set([...own, ...citedBy(name)]);
  const numbered = [...equations.keys()].filter((id) => numbers.has(id)).map((id) => `(${id}) ${formulaOf(id)}`);
  return comment ?? numbered.join("\n");
}

/** The location of an op, a routine or a function. */
function operationPlaces(name: string): Located {
  const operation = operations.get(name);
  if (operation === undefined) throw new RangeError(`there is no op ${name}`);
  const { oracle, row = `op/${name}` } = operation;
  const [first] = formulasOf(name);
  const by = first === undefined ? undefined : equations.get(first)?.by;
  const places = opPlaces(name) ?? (by === undefined ? null : { forward: functionPlace(by), vjp: null });
  if (places === null) throw new Error(`${name}: neither an op nor a function`);
  return {
    id: name,
    title: opTitle(name) ?? titleOf(first ?? row),
    formula: opFormula(name),
    ...places,
    oracle: oracle === null ? null : functionPlace(oracle),
    row: rowPlace(row),
  };
}

const pathPlaces = ({ path, op, network }: NetworkPlace): Located => ({
  ...operationPlaces(op),
  id: path,
  title: `${op} at ${path} of ${network}: ${opTitle(op) ?? op}`,
});

function tracerOf(choice: EngineChoice): Tracer {
  if (choice.name === "reference") return referenceTracer();
  return choice.name === "webgpu" ? webgpuTracer(choice.adapter, choice.precision) : wasmTracer(choice.threads);
}

const distinct = <T>(values: readonly T[]): readonly T[] => [...new Set(values)];

/** Reports what a call ran. */
function executionOf(call: TracedCall, { name }: EngineChoice): Execution {
  const runs = runsIn(call);
  const parts = callsIn(call).map((one) => ({
    path: one.path,
    op: one.op,
    how: one.how,
    kernels: distinct(one.made.flatMap((made) => (isCall(made) ? [] : [made.kernel]))),
  }));
  return {
    how: call.how,
    kernels: distinct(runs.map(({ kernel }) => kernel)),
    parts: parts.filter((part) => part.op !== "" && part.kernels.length > 0),
    ...(name.startsWith("wasm") ? { calls: runs.map(({ kernel, chunks = 1 }) => ({ kernel, chunks })) } : {}),
    ...(name === "webgpu" ? { dispatches: runs.flatMap(({ dispatch }) => (dispatch === undefined ? [] : [dispatch])) } : {}),
  };
}

/** The engine's name and settings. */
const settingsOf = (choice: EngineChoice): Omit<EngineChoice, "name"> & { readonly name: string } => ({ ...choice });

const nothingRun = ({ name }: EngineChoice): Execution => ({
  how: "definition",
  kernels: [],
  parts: [],
  ...(name.startsWith("wasm") ? { calls: [] } : {}),
  ...(name === "webgpu" ? { dispatches: [] } : {}),
});

/** What an engine runs for an op on tensors of these shapes: its forward, its vjp, or both. */
function operationReport(
  { operation, shape, sizes, text }: OperationCall,
  choice: EngineChoice,
  phase: "forward" | "vjp" | "both",
): EngineReport {
  const { kernels, watched, trace } = tracerOf(choice);
  /** How the op runs; for a function of kernels, which is no op, how all that it calls runs. */
  const traced = (f: () => unknown): Execution => {
    const root = trace(f);
    const [first, ...more] = root.made;
    return executionOf(first !== undefined && isCall(first) && more.length === 0 ? first : root, choice);
  };
  const { forward, vjp } = operation.prepare(makerOn(kernels), shape, sizes);
  const ofForward = traced(() => forward(watched));
  const head = { ...settingsOf(choice), call: text };
  if (vjp === null || phase === "forward") return { ...head, ...ofForward };
  const runVjp = vjp();
  const ofVjp = traced(() => runVjp(watched));
  return phase === "vjp" ? { ...head, ...ofVjp } : { ...head, ...ofForward, vjp: ofVjp };
}

/** What an engine runs at a path while it runs the whole network; inside a fused op, what that op runs. */
function pathReport({ network, path, around }: NetworkPlace, choice: EngineChoice): EngineReport {
  const root = traceNetwork(network, tracerOf(choice));
  const calls = callsIn(root);
  const at = around.find((outer) => calls.some((call) => call.path === outer)) ?? path;
  const execution = (phase: string): Execution => {
    const found = calls.find((call) => call.path === at && call.phase === phase);
    return found === undefined ? nothingRun(choice) : executionOf(found, choice);
  };
  const head = { ...settingsOf(choice), call: network, ...(at === path ? {} : { inside: at }) };
  return { ...head, ...execution("forward"), vjp: execution("vjp") };
}

function formulaReport(id: string, choice: EngineChoice): EngineReport {
  const text = equations.get(id)?.call ?? null;
  const call = text === null ? null : operationCall(text);
  if (call === null) return { ...settingsOf(choice), call: null, ...nothingRun(choice) };
  return operationReport(call, choice, id.startsWith("G") ? "vjp" : "forward");
}

/**
 * Explains a formula, an op or a path; with an engine, also what that engine runs for it. Nothing is computed, and no device is needed.
 *
 * @throws ShapeError, RangeError for shapes that the op does not take; MemoryError for tensors that the engine cannot hold
 */
export function explain(target: ExplainTarget, choice: EngineChoice | null): Explanation {
  if (target.kind === "formula") {
    const located = formulaPlaces(target.id);
    return choice === null ? located : { ...located, engine: formulaReport(target.id, choice) };
  }
  if (target.kind === "path") {
    const located = pathPlaces(target.place);
    return choice === null ? located : { ...located, engine: pathReport(target.place, choice) };
  }
  const located = operationPlaces(target.call.operation.name);
  if (choice !== null) return { ...located, engine: operationReport(target.call, choice, "both") };
  operationReport(target.call, { name: "reference" }, "forward"); // refuses shapes that do not fit
  return located;
}
