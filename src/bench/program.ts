/** A whole program of an engine as a share of the register peak, or by itself where that peak says nothing of the engine. */
import type { Engine } from "../kernels/engine.ts";
import { paired } from "./paired.ts";
import { gflops, type PeakMeter } from "./peak.ts";
import type { Spread } from "./statistics.ts";
import { timed, type TimingOptions, type Work } from "./timing.ts";

export interface ProgramTiming {
  /** ms of an image. */
  readonly msPerImage: Spread;
  /** Its matrix products alone, over the time of all. */
  readonly gflops: number;
  readonly against: { readonly peakGflops: number; readonly ratio: number; readonly kept: number; readonly taken: number } | null;
}

export interface ProgramOptions extends TimingOptions {
  /** null: the register peak says nothing of this engine. */
  readonly peak: PeakMeter | null;
}

const each = ({ median, min, upper }: Spread, B: number): Spread => ({ median: median / B, min: min / B, upper: upper / B });

/** @param B images of one run */
export function benchProgram(engine: Engine, work: Work, B: number, { peak, ...options }: ProgramOptions): ProgramTiming {
  const { macs } = engine.counters();
  work.run();
  const flop = 2 * (engine.counters().macs - macs);
  if (peak === null) {
    const ms = timed(work, options);
    return { msPerImage: each(ms, B), gflops: gflops(flop, ms.median), against: null };
  }
  const { ms, gflops: rate, ...against } = paired(work, flop, peak, options);
  return { msPerImage: each(ms, B), gflops: rate, against };
}
