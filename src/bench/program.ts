/**
 * Times a whole program on an engine, where possible as a share of the measured peak, and reports its memory, which is planned and reserved before
 * the first run.
 */
import { abstractEngine } from "../engines/abstract/engine.ts";
import { fusedKernels } from "../engines/wasm/fused/table.ts";
import type { Engine } from "../kernels/engine.ts";
import type { Kernels } from "../kernels/kernels.ts";
import { holdBatch, reserveBatch, type BatchPlan, type BatchProgram } from "../train/evaluation/capacity.ts";
import { paired } from "./paired.ts";
import { gflops, type PeakMeter } from "./peak.ts";
import type { Spread } from "./statistics.ts";
import { timed, type TimingOptions, type Work } from "./timing.ts";

export interface ProgramTiming {
  /** ms per image. */
  readonly msPerImage: Spread;
  /** FLOP of the matrix multiplications alone, over the whole time. */
  readonly gflops: number;
  readonly against: { readonly peakGflops: number; readonly ratio: number; readonly kept: number; readonly taken: number } | null;
  /** Bytes that the engine holds at the end. */
  readonly reservedBytes: number;
  /** Bytes that the program needs according to the abstract engine; null: it does not plan for this engine. */
  readonly planBytes: number | null;
  /** Bytes newly allocated after the first run; 0 if memory is recycled as it should be. */
  readonly freshBytes: number;
}

export interface ProgramOptions extends TimingOptions {
  /** null: the measured peak does not apply to this engine. */
  readonly peak: PeakMeter | null;
}

/** Makes the tensors that the program works on, B images among them, and returns the work. */
export type ProgramWork = (k: Kernels, B: number) => Work;

export interface Program {
  readonly work: ProgramWork;
  /** The same program in less memory; null: there is none. */
  readonly lean: ProgramWork | null;
}

const each = ({ median, min, upper }: Spread, B: number): Spread => ({ median: median / B, min: min / B, upper: upper / B });

/** The program as a batch program that runs once. */
const once =
  (work: ProgramWork): BatchProgram<null> =>
  (k, _, B) =>
    work(k, B).run();

/** Bytes that a program takes on the WASM engine, according to the abstract engine. */
function plannedBytes(work: ProgramWork, B: number): number {
  const planner = abstractEngine(fusedKernels(null));
  once(work)(planner.kernels, null, B);
  return planner.memory().reserved;
}

function timedAgainst(work: Work, flop: number, B: number, { peak, ...options }: ProgramOptions): Omit<ProgramTiming, `${string}Bytes`> {
  if (peak === null) {
    const ms = timed(work, options);
    return { msPerImage: each(ms, B), gflops: gflops(flop, ms.median), against: null };
  }
  const { ms, gflops: rate, ...against } = paired(work, flop, peak, options);
  return { msPerImage: each(ms, B), gflops: rate, against };
}

const planOf = ({ work, lean }: Program): BatchPlan<null> => ({ held: null, program: once(work), lean: lean === null ? null : once(lean) });

/** @throws MemoryError where the program does not fit with B images; it names the largest batch that would */
export const reserveProgram = (engine: Engine, program: Program, B: number): void => reserveBatch(engine, B, planOf(program));

/** The same, for an engine whose device says later whether it has the memory. */
export const holdProgram = (engine: Engine, program: Program, B: number): Promise<void> => holdBatch(engine, B, planOf(program));

/**
 * Times a program on B images a run.
 *
 * @throws MemoryError before the first run, if the program does not fit
 */
export function benchProgram(engine: Engine, program: Program, B: number, options: ProgramOptions): ProgramTiming {
  reserveProgram(engine, program, B);
  const { work } = program;
  const made = work(engine.kernels, B);
  const { macs } = engine.counters();
  made.run();
  const flop = 2 * (engine.counters().macs - macs);
  const { fresh } = engine.memory();
  const timing = timedAgainst(made, flop, B, options);
  const { fresh: freshAtEnd, reserved } = engine.memory();
  const planBytes = engine.precision === "f32" ? plannedBytes(work, B) : null;
  return { ...timing, reservedBytes: reserved, planBytes, freshBytes: freshAtEnd - fresh };
}
