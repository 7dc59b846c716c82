/**
 * Timing on an asynchronous engine: its kernels return at once, and the device does them later. A sample is several runs that start and end with
 * an idle device. Each run is submitted as soon as it is encoded, so that the device works while the host encodes the next one.
 *
 *   ms      time per run: wall-clock time of the sample over its number of runs
 *   host    the part of it that the host spent on encoding and submitting
 */
import type { Asynchronous, Engine } from "../kernels/engine.ts";
import { wallTime } from "./clock.ts";
import { holdProgram, type Program } from "./program.ts";
import { gflops } from "./peak.ts";
import { spreadOf, type Spread } from "./statistics.ts";
import type { Work } from "./timing.ts";

export type AsynchronousEngine = Engine & Asynchronous;

export const isAsynchronous = (engine: Engine): engine is AsynchronousEngine => engine.finish !== undefined;

/** The shortest sample, in ms, so that the wait at its end is a small part of it. */
const SAMPLE = 200;
/** The first run compiles programs, the second creates bind groups; from the third on, all runs are alike. */
const WARM_RUNS = 3;

/** Averages over the runs of a sample. */
interface Sample {
  readonly ms: number;
  readonly host: number;
}

/** Submits so many runs, then waits for all of them. */
async function sampled({ finish }: AsynchronousEngine, { run }: Work, runs: number): Promise<Sample> {
  const start = wallTime();
  let host = 0;
  const ends: Promise<void>[] = [];
  for (let i = 0; i < runs; i++) {
    const begin = wallTime();
    run();
    ends.push(finish()); // submits; the wait comes below
    host += wallTime() - begin;
  }
  await Promise.all(ends);
  return { ms: (wallTime() - start) / runs, host: host / runs };
}

export interface AsynchronousTiming {
  readonly ms: Spread;
  /** ms that the host spends on a run. */
  readonly host: Spread;
  /** Dispatches and command buffers of one run. */
  readonly dispatches: number;
  readonly submits: number;
}

export async function timedAsynchronous(engine: AsynchronousEngine, work: Work, repetitions: number): Promise<AsynchronousTiming> {
  let best = Infinity;
  for (let i = 0; i < WARM_RUNS; i++) best = (await sampled(engine, work, 1)).ms;
  const runs = Math.max(1, Math.ceil(SAMPLE / best));
  const before = engine.sent();
  const samples: Sample[] = [];
  for (let i = 0; i < repetitions; i++) samples.push(await sampled(engine, work, runs));
  const after = engine.sent();
  const allRuns = repetitions * runs;
  return {
    ms: spreadOf(samples.map(({ ms }) => ms)),
    host: spreadOf(samples.map(({ host }) => host)),
    dispatches: (after.dispatches - before.dispatches) / allRuns,
    submits: (after.submits - before.submits) / allRuns,
  };
}

export interface AsynchronousProgramTiming extends AsynchronousTiming {
  readonly imagesPerSecond: number;
  /** FLOP of the matrix multiplications alone, over the whole time. */
  readonly gflops: number;
  /** Bytes that the engine holds at the end. */
  readonly reservedBytes: number;
  /** Bytes newly allocated after the second run; 0 if memory is recycled as it should be. */
  readonly freshBytes: number;
}

/**
 * Times a program on B images a run.
 *
 * @throws MemoryError before the first run, if the program does not fit
 */
export async function benchAsynchronous(
  engine: AsynchronousEngine,
  program: Program,
  B: number,
  repetitions: number,
): Promise<AsynchronousProgramTiming> {
  await holdProgram(engine, program, B);
  const work = program.work(engine.kernels, B);
  const { macs } = engine.counters();
  work.run();
  const flop = 2 * (engine.counters().macs - macs);
  work.run(); // from here on, every run finds the memory in the same state
  await engine.finish();
  const { fresh } = engine.memory();
  const timing = await timedAsynchronous(engine, work, repetitions);
  const { fresh: freshAtEnd, reserved: reservedBytes } = engine.memory();
  const { median } = timing.ms;
  return { ...timing, imagesPerSecond: B / (median / 1e3), gflops: gflops(flop, median), reservedBytes, freshBytes: freshAtEnd - fresh };
}
