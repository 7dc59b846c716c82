/**
 * The measured peak FLOP/s of one core: the rate of a loop of independent f32x4.mul and f32x4.add whose operands stay in registers
 * (assembly/peak.ts). Machines differ and clock frequencies change, so kernels are reported as a share of the peak measured at the same moment.
 */
import { bareKernels } from "./bareKernels.ts";
import type { Clock } from "./clock.ts";
import { spent, timed, warmed, type TimingOptions, type Work } from "./timing.ts";

/** One sample of the peak, in GFLOP/s. */
export type PeakMeter = () => number;

const FLOP_PER_ITERATION = 64;
/** About 2 ms a run. */
const ITERATIONS = 1_000_000;
const FLOP = FLOP_PER_ITERATION * ITERATIONS;
/** Bytes that the kernel `peak` reads. */
const WINDOW = 1024 + 96;
/** From FLOP/ms to GFLOP/s. */
const MEGA = 1e6;

/** The rate of `flop` FLOP in `ms` ms, in GFLOP/s. */
export const gflops = (flop: number, ms: number): number => flop / ms / MEGA;

async function peakWork(): Promise<Work> {
  const { wasm, memory, free } = await bareKernels(WINDOW);
  new Float32Array(memory.buffer, free, WINDOW / Float32Array.BYTES_PER_ELEMENT).fill(1 / 2);
  return { run: () => void wasm.peak(free, ITERATIONS) };
}

/** A meter that is warmed up already. */
export async function peakMeter(clock: Clock): Promise<PeakMeter> {
  const work = await peakWork();
  const count = warmed(work);
  return () => gflops(count * FLOP, spent(work, count, clock));
}

/** In GFLOP/s. */
export interface PeakResult {
  readonly median: number;
  /** Three quarters of the samples are above it. */
  readonly lower: number;
  readonly best: number;
}

/** `deit bench peak` */
export async function benchPeak(options: TimingOptions): Promise<PeakResult> {
  const ms = timed(await peakWork(), options);
  return { median: gflops(FLOP, ms.median), lower: gflops(FLOP, ms.upper), best: gflops(FLOP, ms.min) };
}
