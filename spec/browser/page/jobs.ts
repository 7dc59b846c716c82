/** What the worker does when it is asked; Node does the same for comparison. All from the built package, as users have it. */
import * as deit from "deit";
import * as check from "deit/check";
import * as formats from "deit/formats";
import * as recording from "deit/recording";
import * as wasm from "deit/wasm";
import { laws } from "#deit/check/laws.js";
import { runRow, type Row, type RowReport, type RunOptions } from "#deit/check/row.js";
import { referenceEngine } from "#deit/engines/reference/engine.js";
import { CONTROL } from "#deit/engines/wasm/worker.js";
import type { Engine } from "#deit/kernels/engine.js";
import { opRows } from "#deit/laws/opRows.js";
import { allRows } from "#deit/laws/rows.js";
import { allSubjects } from "#deit/laws/subjects.js";
import { readRecording } from "#deit/recording/read.js";
import { verify } from "#deit/recording/verify.js";
import { wasmEngine, type WasmOptions } from "#deit/wasm.js";
import { trainingDigest, type Training } from "./trainingDigest.ts";

/** The law that a fused kernel is its definition, alone. */
const parityRows = opRows(
  allSubjects,
  laws.filter(({ name }) => name === "parity"),
);

/** With a new engine, which is closed when the job is done. */
async function onEngine<T>(choice: WasmOptions, job: (engine: Engine) => Promise<T>): Promise<T> {
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

/** What `deit verify` says of a recording. */
interface Found {
  readonly match: boolean;
  readonly tensors: number;
  readonly first: string | null;
  readonly variant: string | null;
}

async function verified(engine: Engine, path: string): Promise<Found> {
  const response = await fetch(path);
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  const file = new Uint8Array(await response.arrayBuffer());
  const { match, tensors, first, findings } = await verify(engine, readRecording(file));
  return { match, tensors: tensors.length, first: first?.name ?? null, variant: findings?.explanation?.variant ?? null };
}

/** ms without work after which a thread is asleep, many times over. */
const ASLEEP = 300;

/** The sum of all entries of a product [n, n]·[n, n] of ones: n³. The engine's own thread does no part of it, and the others were asleep. */
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

type Names = Readonly<Record<string, readonly string[]>>;

/** What each entry point of the package exports. */
const entryPoints: Readonly<Record<string, object>> = {
  deit,
  "deit/check": check,
  "deit/formats": formats,
  "deit/recording": recording,
  "deit/wasm": wasm,
};
const exportedNames = (): Names =>
  Object.fromEntries(Object.entries(entryPoints).map(([name, module]) => [name, Object.keys(module).toSorted()]));

/** By the name under which they are asked for. */
export interface Jobs {
  readonly exportedNames: () => Promise<Names>;
  readonly isIsolated: () => Promise<boolean>;
  readonly laws: (choice: WasmOptions, options: RunOptions) => Promise<readonly RowReport[]>;
  readonly parity: (choice: WasmOptions, options: RunOptions) => Promise<readonly RowReport[]>;
  readonly sumByOthers: (choice: WasmOptions, n: number) => Promise<number>;
  readonly trainingDigest: (choice: WasmOptions, training: Training) => Promise<string>;
  /** Fetches the recording from this path. */
  readonly verify: (choice: WasmOptions, path: string) => Promise<Found>;
}

export const jobs: Jobs = {
  exportedNames: async () => exportedNames(),
  isIsolated: async () => crossOriginIsolated,
  laws: (choice, options) => onEngine(choice, (engine) => reportsOf(engine, allRows, options)),
  parity: (choice, options) => onEngine(choice, (engine) => reportsOf(engine, parityRows, options)),
  sumByOthers: (choice, n) => onEngine(choice, (engine) => sumByOthers(engine, n)),
  trainingDigest: (choice, training) => onEngine(choice, (engine) => trainingDigest(engine, training)),
  verify: (choice, path) => onEngine(choice, (engine) => verified(engine, path)),
};
