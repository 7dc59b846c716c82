/**
 * The rate of some work as a share of the peak measured at the same moment (peak.ts). The samples alternate: peak, work, peak, work, peak …, so that
 * each sample of the work lies between two of the peak.
 *
 *   ratio = median of (rate of the work / mean of its two peaks)
 *
 * If the two peaks disagree, the clock frequency has changed in between, and the sample is dropped. tinybench supports neither paired nor dropped
 * samples, so the loop is written here.
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
  /** Samples taken, and samples kept because their two peaks agree. Only kept ones count; if there are none, the times are of all samples and there is no ratio. */
  readonly taken: number;
  readonly kept: number;
}

interface Sample {
  readonly ms: number;
  readonly before: number;
  readonly after: number;
}

/** The largest difference of two peaks that still agree, as a share of their mean. */
const AGREEMENT = 0.06;
/** If fewer samples are kept, more are taken, up to four times the default of 15. */
const ENOUGH = 5;
const MOST_SAMPLES = 60;

const meanPeak = ({ before, after }: Sample): number => (before + after) / 2;
const agrees = (sample: Sample): boolean => Math.abs(sample.after - sample.before) <= AGREEMENT * meanPeak(sample);

/** Evaluates samples of work of `flop` FLOP a run. The peak and the ratio are NaN where no two peaks agree. */
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

/** @param flop FLOP of one run */
export function paired(work: Work, flop: number, peak: PeakMeter, { repetitions, clock }: TimingOptions): PairedTiming {
  const count = warmed(work);
  const samples: Sample[] = [];
  const enough = (): boolean => samples.length >= repetitions && samples.filter(agrees).length >= Math.min(ENOUGH, repetitions);
  let before = peak();
  while (!enough() && samples.length < Math.max(MOST_SAMPLES, repetitions)) {
    const ms = spent(work, count, clock) / count;
    const after = peak();
    samples.push({ ms, before, after });
    before = after;
  }
  return judged(samples, flop);
}
