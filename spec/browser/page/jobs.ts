/** The jobs of the worker, which Node also does for comparison. They use the built package, as users do. */
import * as deit from "deit";
import * as check from "deit/check";
import * as formats from "deit/formats";
import * as recording from "deit/recording";
import * as wasm from "deit/wasm";
import * as webgpu from "deit/webgpu";
import { laws } from "#deit/check/laws/laws.js";
import { runRow, type Row, type RowReport, type RunOptions } from "#deit/check/laws/row.js";
import { referenceEngine } from "#deit/engines/reference/engine.js";
import { CONTROL } from "#deit/engines/wasm/worker.js";
import type { Engine } from "#deit/kernels/engine.js";
import { opRows } from "#deit/laws/rows/opRows.js";
import { allRows } from "#deit/laws/rows.js";
import { allSubjects } from "#deit/laws/cases/subjects.js";
import { readRecording } from "#deit/recording/format/read.js";
import { verify } from "#deit/recording/verify.js";
import { wasmEngine, type WasmOptions } from "#deit/wasm.js";
import { requestDevice, webgpuEngine, type RequestOptions } from "#deit/webgpu.js";
import { digitsRun, type DigitsOptions, type DigitsResult, type LosableEngine } from "./digitsRun.ts";
import { trainingDigest, type Training } from "./trainingDigest.ts";

/** Rows with only the law that a fused kernel computes what its definition does. */
const parityRows = opRows(
  allSubjects,
  laws.filter(({ name }) => name === "parity"),
);

/** Options of the WASM engine, or of the device of a WebGPU engine. */
type Choice = WasmOptions | { readonly gpu: RequestOptions };

/** The engine that all GPU jobs of this worker share, since compiling its programs takes longer than most jobs. Its free memory is poisoned. */
let onDevice: Promise<Engine> | null = null;
const deviceEngine = async (options: RequestOptions): Promise<Engine> =>
  webgpuEngine({ device: await requestDevice(navigator.gpu, options), poison: true });

/** Runs a job on a new WASM engine, which is closed afterwards, or on the worker's GPU engine. */
async function onEngine<T>(choice: Choice, job: (engine: Engine) => Promise<T>): Promise<T> {
  if ("gpu" in choice) return job(await (onDevice ??= deviceEngine(choice.gpu)));
  const engine = await wasmEngine(choice);
  try {
    return await job(engine);
  } finally {
    engine.close();
  }
}

async function reportsOf(engine: Engine, rows: readonly Row[], options: RunOptions): Promise<readonly RowReport[]> {
  const engines = { engine, reference: referenceEngine() };
  const reports: RowReport[] = [];
  for (const row of rows) reports.push(await runRow(row, engines, options));
  return reports;
}

/** The verdict of `deit verify` on a recording. */
interface Found {
  readonly match: boolean;
  readonly tensors: number;
  readonly first: string | null;
  readonly variant: string | null;
}

async function fetched(path: string): Promise<Uint8Array> {
  const response = await fetch(path);
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}

async function verified(engine: Engine, path: string): Promise<Found> {
  const { match, tensors, first, findings } = await verify(engine, readRecording(await fetched(path)));
  return { match, tensors: tensors.length, first: first?.name ?? null, variant: findings?.explanation?.variant ?? null };
}

/** Many times as long, in ms, as a thread stays awake without work. */
const ASLEEP = 300;

/** The sum of all entries of the matrix product [n, n]·[n, n] of ones, which is n³. Only the engine's other threads compute it, after having slept. */
async function sumByOthers(engine: Engine, n: number): Promise<number> {
  const k = engine.kernels;
  await new Promise((resolve) => setTimeout(resolve, ASLEEP));
  const { sub } = Atomics;
  const noneIsLeft = (fields: Int32Array, field: number, value: number): number => (field === CONTROL.left ? 0 : sub(fields, field, value));
  Object.assign(Atomics, { sub: noneIsLeft });
  try {
    const ones = k.addScalar(k.zeros([n, n]), 1);
    return [...(await engine.read(k.matmul(ones, ones)))].reduce((sum, x) => sum + x, 0);
  } finally {
    Object.assign(Atomics, { sub });
  }
}

/** An engine whose device can be destroyed. */
async function losableEngine(): Promise<LosableEngine> {
  const device = await requestDevice(navigator.gpu);
  return { engine: webgpuEngine({ device }), lose: () => device.destroy() };
}

type Names = Readonly<Record<string, readonly string[]>>;

/** The entry points of the package. */
const entryPoints: Readonly<Record<string, object>> = {
  deit,
  "deit/check": check,
  "deit/formats": formats,
  "deit/recording": recording,
  "deit/wasm": wasm,
  "deit/webgpu": webgpu,
};
const exportedNames = (): Names =>
  Object.fromEntries(Object.entries(entryPoints).map(([name, module]) => [name, Object.keys(module).toSorted()]));

/** The jobs by name. */
export interface Jobs {
  /** Fetches the digits from this path. */
  readonly digits: (path: string, options: DigitsOptions) => Promise<DigitsResult>;
  readonly exportedNames: () => Promise<Names>;
  readonly isIsolated: () => Promise<boolean>;
  readonly laws: (choice: Choice, options: RunOptions) => Promise<readonly RowReport[]>;
  readonly parity: (choice: Choice, options: RunOptions) => Promise<readonly RowReport[]>;
  readonly sumByOthers: (choice: WasmOptions, n: number) => Promise<number>;
  readonly trainingDigest: (choice: Choice, training: Training) => Promise<string>;
  /** Fetches the recording from this path. */
  readonly verify: (choice: Choice, path: string) => Promise<Found>;
}

export const jobs: Jobs = {
  digits: async (path, options) => digitsRun(losableEngine, await fetched(path), options),
  exportedNames: async () => exportedNames(),
  isIsolated: async () => crossOriginIsolated,
  laws: (choice, options) => onEngine(choice, (engine) => reportsOf(engine, allRows, options)),
  parity: (choice, options) => onEngine(choice, (engine) => reportsOf(engine, parityRows, options)),
  sumByOthers: (choice, n) => onEngine(choice, (engine) => sumByOthers(engine, n)),
  trainingDigest: (choice, training) => onEngine(choice, (engine) => trainingDigest(engine, training)),
  verify: (choice, path) => onEngine(choice, (engine) => verified(engine, path)),
};
