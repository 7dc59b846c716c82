/**
 * The register peak: what one core does at most with f32x4.mul and f32x4.add (assembly/peak.ts). Machines differ and clocks move, so a
 * kernel is told by its share of the peak of the same moment.
 */
import { bareKernels } from "./bareKernels.ts";
import type { Clock } from "./clock.ts";
import { spent, timed, warmed, type TimingOptions, type Work } from "./timing.ts";

/** One sample of the peak, in GFLOP/s. */
export type PeakMeter = () => number;

const FLOP_A_TURN = 64;
/** About 2 ms a run. */
const TURNS = 1_000_000;
const FLOP = FLOP_A_TURN * TURNS;
/** Bytes that `peak` reads. */
const WINDOW = 1024 + 96;
/** From FLOP/ms to GFLOP/s. */
const MEGA = 1e6;

/** GFLOP/s of so many FLOP in so many ms. */
export const gflops = (flop: number, ms: number): number => flop / ms / MEGA;

async function peakWork(): Promise<Work> {
  const { wasm, memory, free } = await bareKernels(WINDOW);
  new Float32Array(memory.buffer, free, WINDOW / Float32Array.BYTES_PER_ELEMENT).fill(1 / 2);
  return { run: () => void wasm.peak(free, TURNS) };
}

/** A meter that is warm. */
export async function peakMeter(clock: Clock): Promise<PeakMeter> {
  const work = await peakWork();
  const count = warmed(work);
  return () => gflops(count * FLOP, spent(work, count, clock));
}

export interface PeakResult {
  /** All in GFLOP/s. */
  readonly median: number;
  /** What three quarters of the samples lie over. */
  readonly lower: number;
  readonly best: number;
}

/** `deit bench peak` */
export async function benchPeak(options: TimingOptions): Promise<PeakResult> {
  const ms = timed(await peakWork(), options);
  return { median: gflops(FLOP, ms.median), lower: gflops(FLOP, ms.upper), best: gflops(FLOP, ms.min) };
}
