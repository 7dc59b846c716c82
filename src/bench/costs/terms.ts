/**
 * The time of a step from what its kernels dispatch, in three columns:
 *
 *   t(dispatch) = max(2·executed / P, traffic / W)
 *   t(kernel)   = max(Σ t(dispatch), other FLOP / F)
 *   device      = Σ t(kernel) + dispatches · L + uploaded / U
 *   host        = dispatches · H + uploaded / C
 *   step        = max(device, host)                         the host encodes a step while the device works on the one before
 *
 * P is the rate of matrix units where the program uses them, else that of f32. Executed multiply–adds include those beyond the edges of matrices
 * and those that are done again. Traffic counts what a program reads and what it writes, so a tensor that is changed in place counts twice; it
 * includes the scratch, and no cache saves any. The other FLOP of a kernel whose work became part of another's dispatch count alone.
 */
import { eachColumn, type Column, type Estimate } from "./estimate.ts";
import type { KernelRun, MadeDispatch } from "./kernelRuns.ts";
import type { AdapterRates, HostRates } from "./rates.ts";

export type Rates = AdapterRates & HostRates;
export type Term = keyof Rates;

/** In the order in which they are shown. */
export const terms: readonly Term[] = ["units", "f32", "arithmetic", "memory", "latency", "upload", "host", "copy"];

export const titles: Readonly<Record<Term, string>> = {
  units: "matrix multiplications on matrix units",
  f32: "matrix multiplications without them",
  arithmetic: "other arithmetic",
  memory: "memory",
  latency: "between dispatches",
  upload: "upload, on the device",
  host: "encoding and submitting, on the host",
  copy: "upload, on the host",
};

/** The WGSL extension that programs with matrix units enable. */
const MATRIX_UNITS = "chromium_experimental_subgroup_matrix";
const MILLI = 1e-3;

/** What a kernel does. */
interface Work {
  readonly macs: number;
  readonly executed: number;
  readonly dispatches: number;
  readonly bytes: number;
  readonly traffic: number;
}

const sumOf = <T>(list: readonly T[], of: (one: T) => number): number => list.reduce((sum, one) => sum + of(one), 0);

/** Bytes of the tensors, each once. */
export const bytesOf = ({ operands }: MadeDispatch): number => sumOf(operands, ({ bytes, isScratch }) => (isScratch ? 0 : bytes));
/** Bytes read, and bytes written. */
export const readsOf = ({ operands }: MadeDispatch): number => sumOf(operands, ({ read }) => read);
export const writesOf = ({ operands }: MadeDispatch): number => sumOf(operands, ({ written }) => written);
const trafficOf = (made: MadeDispatch): number => readsOf(made) + writesOf(made);
const executedOf = ({ dispatch: { macs = 0, executed = macs } }: MadeDispatch): number => executed;

export const workOf = ({ made }: KernelRun<unknown>): Work => ({
  macs: sumOf(made, ({ dispatch: { macs = 0 } }) => macs),
  executed: sumOf(made, executedOf),
  dispatches: made.length,
  bytes: sumOf(made, bytesOf),
  traffic: sumOf(made, trafficOf),
});

/** FLOP of a kernel beside its matrix multiplications. */
const othersOf = ({ flop, products }: KernelRun<unknown>): number => Math.max(0, flop - products);

const unitOf = ({ dispatch }: MadeDispatch): "units" | "f32" => (dispatch.program.enables.includes(MATRIX_UNITS) ? "units" : "f32");

/** ms of a kernel without the waits between its dispatches, by the term that bounds them. */
function kernelTerms(run: KernelRun<unknown>, rates: AdapterRates, column: Column): readonly (readonly [Term, number])[] {
  const byDispatch = run.made.map((made): readonly [Term, number] => {
    const unit = unitOf(made);
    const [product, memory] = [(2 * executedOf(made)) / rates[unit][column], trafficOf(made) / rates.memory[column]];
    return product > memory ? [unit, product / MILLI] : ["memory", memory / MILLI];
  });
  const others = othersOf(run) / rates.arithmetic[column] / MILLI;
  return others > sumOf(byDispatch, ([, ms]) => ms) ? [["arithmetic", others]] : byDispatch;
}

/** ms of a kernel on the device, the waits between its dispatches included. */
export const kernelMs = (run: KernelRun<unknown>, rates: AdapterRates, column: Column): number =>
  sumOf(kernelTerms(run, rates, column), ([, ms]) => ms) + (run.made.length * rates.latency[column]) / MILLI;

/** One term of a step. */
export interface TermCost {
  /** In all: FLOP, bytes, or dispatches. */
  readonly amount: number;
  /** ms of what this term bounds. */
  readonly ms: Estimate;
}

export interface StepCost {
  readonly terms: Readonly<Record<Term, TermCost>>;
  /** ms */
  readonly device: Estimate;
  readonly host: Estimate;
  readonly step: Estimate;
}

const eachTerm = <T>(f: (term: Term) => T): Readonly<Record<Term, T>> => ({
  units: f("units"),
  f32: f("f32"),
  arithmetic: f("arithmetic"),
  memory: f("memory"),
  latency: f("latency"),
  upload: f("upload"),
  host: f("host"),
  copy: f("copy"),
});

/** Amounts of each term in a step. */
function amountsOf(runs: readonly KernelRun<unknown>[], uploaded: number): Readonly<Record<Term, number>> {
  const made = runs.flatMap((run) => run.made);
  const executed = (unit: Term): number => 2 * sumOf(made, (one) => (unitOf(one) === unit ? executedOf(one) : 0));
  return {
    units: executed("units"),
    f32: executed("f32"),
    arithmetic: sumOf(runs, othersOf),
    memory: sumOf(made, trafficOf),
    latency: made.length,
    upload: uploaded,
    host: made.length,
    copy: uploaded,
  };
}

export function stepCost(runs: readonly KernelRun<unknown>[], uploaded: number, rates: Rates): StepCost {
  const amounts = amountsOf(runs, uploaded);
  const bounds = eachColumn((column) => runs.flatMap((run) => kernelTerms(run, rates, column)));
  const msOf = (term: Term): Estimate => {
    if (term === "latency" || term === "host") return eachColumn((column) => (amounts[term] * rates[term][column]) / MILLI);
    if (term === "upload" || term === "copy") return eachColumn((column) => amounts[term] / rates[term][column] / MILLI);
    return eachColumn((column) => sumOf(bounds[column], ([by, ms]) => (by === term ? ms : 0)));
  };
  const costs = eachTerm((term): TermCost => ({ amount: amounts[term], ms: msOf(term) }));
  const sum = (of: readonly Term[]): Estimate => eachColumn((column) => sumOf(of, (term) => costs[term].ms[column]));
  const [device, host] = [sum(["units", "f32", "arithmetic", "memory", "latency", "upload"]), sum(["host", "copy"])];
  return { terms: costs, device, host, step: eachColumn((column) => Math.max(device[column], host[column])) };
}
