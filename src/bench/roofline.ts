/**
 * How close an op comes to its bound, which is memory or arithmetic; both are measured together with the op.
 *
 *   bound = max(bytes / copy bandwidth, FLOP / measured peak)        share = bound / time
 *
 * Bytes count each tensor that the op must read or write once; FLOP are those of its definition. The bandwidth is that of a copy of as many bytes,
 * read and written, in the same memory, so an op whose tensors fit a cache is compared with a copy in that cache. Samples of the copy, the peak
 * and the op alternate.
 */
import { countedLoops } from "../engines/abstract/arithmetic.ts";
import { abstractEngine } from "../engines/abstract/engine.ts";
import { bareKernels } from "./bareKernels.ts";
import type { OpBench } from "./opBench.ts";
import { gflops, type PeakMeter } from "./peak.ts";
import { median } from "./statistics.ts";
import { spent, warmed, type TimingOptions, type Work } from "./timing.ts";

/** The least that an op must do. */
export interface Demand {
  readonly bytes: number;
  readonly flop: number;
}

export interface Roofline extends Demand {
  /** 10⁹ bytes per second. */
  readonly gbPerSecond: number;
  /** The rate of a copy of as many bytes. */
  readonly copyGbPerSecond: number;
  readonly gflops: number;
  readonly by: "memory" | "arithmetic";
  /** Bound over time: 1 is the bound itself. */
  readonly share: number;
}

export interface Meters {
  readonly peak: PeakMeter;
  /** A copy that reads and writes so many bytes in all. */
  readonly copy: (bytes: number) => Work;
}

const MEGA = 1e6;
const BYTES = Float32Array.BYTES_PER_ELEMENT;

/** The largest copy, in bytes. */
const MOST = 64 * 2 ** 20;

export async function metersOf(peak: PeakMeter): Promise<Meters> {
  const { wasm, free } = await bareKernels(MOST);
  const copy = (bytes: number): Work => {
    if (bytes > MOST) throw new RangeError(`bench: a case may move at most ${MOST} bytes to have a roofline, got ${bytes}`);
    const n = Math.ceil(bytes / 2 / BYTES);
    return { run: () => wasm.copyRuns(free, free + n * BYTES, 1, n, n, n) };
  };
  return { peak, copy };
}

/** FLOP of each case according to its definition. */
export function flopOfCases({ cases }: OpBench): readonly number[] {
  let flop = 0;
  const loops = countedLoops((some) => {
    flop += some;
  });
  const { kernels: k } = abstractEngine(undefined, loops);
  return k.region("counted", () =>
    cases(k).map(({ work }) => {
      work.before?.();
      const before = flop;
      work.run();
      return flop - before;
    }),
  );
}

/** Times some work together with its bounds: ms of each sample, and the roofline. */
export function underRoof(
  work: Work,
  { bytes, flop }: Demand,
  { peak, copy }: Meters,
  { repetitions, clock }: TimingOptions,
): { readonly ms: readonly number[]; readonly roofline: Roofline } {
  const copying = copy(bytes);
  const [runs, copies] = [warmed(work), warmed(copying)];
  const samples = Array.from({ length: repetitions }, () => {
    const memory = spent(copying, copies, clock) / copies;
    const arithmetic = flop / (peak() * MEGA);
    return { memory, arithmetic, ms: spent(work, runs, clock) / runs };
  });
  const middle = (of: (sample: (typeof samples)[number]) => number): number => median(samples.map(of));
  const ms = middle((sample) => sample.ms);
  const roofline: Roofline = {
    bytes,
    flop,
    gbPerSecond: bytes / ms / MEGA,
    copyGbPerSecond: bytes / middle(({ memory }) => memory) / MEGA,
    gflops: gflops(flop, ms),
    by: middle(({ memory }) => memory) > middle(({ arithmetic }) => arithmetic) ? "memory" : "arithmetic",
    share: middle((sample) => Math.max(sample.memory, sample.arithmetic) / sample.ms),
  };
  return { ms: samples.map((sample) => sample.ms), roofline };
}
