/**
 * Times a piece of work: it is warmed up, then run in samples that are long enough for the clock; the median of the samples counts.
 *
 * The event loop gets no turn between samples, so the work may hold tensors of an open region.
 */
import { Bench, type FnReturnedObject } from "tinybench";
import { wallTime, type Clock } from "./clock.ts";
import type { Spread } from "./statistics.ts";

export interface Work {
  readonly run: () => void;
  /** Called before each run and not timed: it makes what the run consumes. */
  readonly before?: () => void;
}

export interface TimingOptions {
  /** Number of samples; at least 15 for a figure that is published. */
  readonly repetitions: number;
  readonly clock: Clock;
}

/** The shortest sample in ms: twice the coarsest step of a clock. */
const SAMPLE = 20;
/** WebAssembly is at full speed from the third to fifth call on, when its optimising compiler, on a thread of its own, has finished. */
const WARM_RUNS = 3;
const WARM_TIME = 100;

/** ms that `count` runs take together. */
export function spent({ run, before }: Work, count: number, clock: Clock): number {
  if (before === undefined) {
    const start = clock();
    for (let i = 0; i < count; i++) run();
    return clock() - start;
  }
  let sum = 0;
  for (let i = 0; i < count; i++) {
    before();
    const start = clock();
    run();
    sum += clock() - start;
  }
  return sum;
}

/** Runs the work until it is at full speed, and returns how many runs make a sample. */
export function warmed(work: Work): number {
  const start = wallTime();
  let best = Infinity; // of single runs, which are too short for a coarse clock
  for (let runs = 0; runs < WARM_RUNS || wallTime() - start < WARM_TIME; runs++) best = Math.min(best, spent(work, 1, wallTime));
  return Math.max(1, Math.ceil(SAMPLE / best));
}

/** Times the work; ms of one run. */
export function timed(work: Work, { repetitions, clock }: TimingOptions): Spread {
  const count = warmed(work);
  const bench = new Bench({ iterations: repetitions, time: 0, warmup: false, now: clock, throws: true });
  const sample = (): FnReturnedObject => {
    const ms = spent(work, count, clock);
    return { overriddenDuration: ms / count, overriddenIterationCost: ms };
  };
  const [task] = bench.add("work", sample, { async: false }).runSync();
  if (task?.result.state !== "completed") throw new Error(`bench: the timing did not complete; its state is ${task?.result.state}`);
  const { p50, min, p75 } = task.result.latency;
  return { median: p50, min, upper: p75 };
}
