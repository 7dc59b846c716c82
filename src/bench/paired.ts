/**
 * Work against the register peak of the same moment: peak, work, peak, work, peak …, each sample of the work between two of the peak.
 *
 *   ratio = median of (rate of the work / mean of its two peaks)
 *
 * Where the two peaks disagree the clock has moved in between, and the sample is dropped. A loop of its own, since tinybench knows neither
 * samples that belong together nor samples that are dropped.
 */
import { gflops, type PeakMeter } from "./peak.ts";
import { median, spreadOf, type Spread } from "./statistics.ts";
import { spent, warmed, type TimingOptions, type Work } from "./timing.ts";

export interface PairedTiming {
  /** ms of one run. */
  readonly ms: Spread;
  readonly gflops: number;
  /** Median of the neighbouring peaks, in GFLOP/s. */
  readonly peakGflops: number;
  readonly ratio: number;
  /** Samples that were taken, and those whose two peaks agree. Figures are of the latter; without any, times are of all, and there is no ratio. */
  readonly taken: number;
  readonly kept: number;
}

interface Sample {
  readonly ms: number;
  readonly before: number;
  readonly after: number;
}

/** Largest difference of two peaks that agree, as a share of their mean. */
const AGREEMENT = 0.06;
/** Fewer kept samples are not enough, so more are taken, up to so many: four times 15, which is what is asked for by default. */
const ENOUGH = 5;
const PATIENCE = 60;

const meanPeak = ({ before, after }: Sample): number => (before + after) / 2;
const agrees = (sample: Sample): boolean => Math.abs(sample.after - sample.before) <= AGREEMENT * meanPeak(sample);

/** What the samples of work of so many FLOP a run say. The peak and the ratio are NaN where no two peaks agree. */
export function judged(samples: readonly Sample[], flop: number): PairedTiming {
  const kept = samples.filter(agrees);
  const ms = spreadOf((kept.length > 0 ? kept : samples).map((sample) => sample.ms));
  return {
    ms,
    gflops: gflops(flop, ms.median),
    peakGflops: median(kept.map(meanPeak)),
    ratio: median(kept.map((sample) => gflops(flop, sample.ms) / meanPeak(sample))),
    taken: samples.length,
    kept: kept.length,
  };
}

/** @param flop of one run */
export function paired(work: Work, flop: number, peak: PeakMeter, { repetitions, clock }: TimingOptions): PairedTiming {
  const count = warmed(work);
  const samples: Sample[] = [];
  const enough = (): boolean => samples.length >= repetitions && samples.filter(agrees).length >= Math.min(ENOUGH, repetitions);
  let before = peak();
  while (!enough() && samples.length < Math.max(PATIENCE, repetitions)) {
    const ms = spent(work, count, clock) / count;
    const after = peak();
    samples.push({ ms, before, after });
    before = after;
  }
  return judged(samples, flop);
}
