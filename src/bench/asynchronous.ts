/**
 * Timing on an asynchronous engine: its kernels return at once, and the device does them later. A sample is some runs between two
 * moments at which nothing is left to do; each run is sent when it is told, so that the device works while the next one is told.
 *
 *   ms      of one run: the sample's time on the clock, over its runs
 *   host    of that, what the host took to tell the device what to do, until it was sent
 */
import type { Asynchronous, Engine } from "../kernels/engine.ts";
import { wallTime } from "./clock.ts";
import { reserveProgram, type Program } from "./program.ts";
import { gflops } from "./peak.ts";
import { spreadOf, type Spread } from "./statistics.ts";
import type { Work } from "./timing.ts";

export type AsynchronousEngine = Engine & Asynchronous;

export const isAsynchronous = (engine: Engine): engine is AsynchronousEngine => engine.finish !== undefined;

/** The shortest sample, in ms: what waiting for the end costs is to be little of it. */
const SAMPLE = 200;
/** The first run compiles, the second binds, and from the third on all is as it stays. */
const WARM_RUNS = 3;

interface Sample {
  /** Of one run. */
  readonly ms: number;
  readonly host: number;
}

/** So many runs, each sent at once, and then waited for. */
async function sampled({ finish }: AsynchronousEngine, { run }: Work, runs: number): Promise<Sample> {
  const start = wallTime();
  let host = 0;
  const ends: Promise<void>[] = [];
  for (let i = 0; i < runs; i++) {
    const begin = wallTime();
    run();
    ends.push(finish()); // sends, and does not wait yet
    host += wallTime() - begin;
  }
  await Promise.all(ends);
  return { ms: (wallTime() - start) / runs, host: host / runs };
}

export interface AsynchronousTiming {
  readonly ms: Spread;
  /** ms of the host. */
  readonly host: Spread;
  /** Told to the device in one run. */
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
  const inAll = repetitions * runs;
  return {
    ms: spreadOf(samples.map(({ ms }) => ms)),
    host: spreadOf(samples.map(({ host }) => host)),
    dispatches: (after.dispatches - before.dispatches) / inAll,
    submits: (after.submits - before.submits) / inAll,
  };
}

export interface AsynchronousProgramTiming extends AsynchronousTiming {
  readonly imagesPerSecond: number;
  /** Its matrix products alone, over the time of all. */
  readonly gflops: number;
  /** Held by the engine at the end, in bytes. */
  readonly reservedBytes: number;
  /** Taken anew after the second run. */
  readonly freshBytes: number;
}

/**
 * Of B images a run.
 *
 * @throws MemoryError before the first run
 */
export async function benchAsynchronous(
  engine: AsynchronousEngine,
  program: Program,
  B: number,
  repetitions: number,
): Promise<AsynchronousProgramTiming> {
  reserveProgram(engine, program, B);
  const work = program.work(engine.kernels, B);
  const { macs } = engine.counters();
  work.run();
  const flop = 2 * (engine.counters().macs - macs);
  work.run(); // leaves the memory as all others find it
  await engine.finish();
  const { fresh } = engine.memory();
  const timing = await timedAsynchronous(engine, work, repetitions);
  const { fresh: freshAtEnd, reserved: reservedBytes } = engine.memory();
  const { median } = timing.ms;
  return { ...timing, imagesPerSecond: B / (median / 1e3), gflops: gflops(flop, median), reservedBytes, freshBytes: freshAtEnd - fresh };
}
