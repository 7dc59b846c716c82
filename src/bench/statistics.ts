/** Averages and spreads of samples. */

/** The value below which a share `q` of the samples lies, interpolated between the two nearest ones; NaN without samples. */
export function quantile(samples: readonly number[], q: number): number {
  const sorted = samples.toSorted((a, b) => a - b);
  const place = q * (sorted.length - 1);
  const [below, above] = [sorted[Math.floor(place)] ?? NaN, sorted[Math.ceil(place)] ?? NaN];
  return below + (place - Math.floor(place)) * (above - below);
}

export const median = (samples: readonly number[]): number => quantile(samples, 1 / 2);

/** The average for ratios: the inverse ratios have the inverse average. NaN without ratios. */
export const geometricMean = (ratios: readonly number[]): number =>
  Math.exp(ratios.reduce((sum, ratio) => sum + Math.log(ratio), 0) / ratios.length);

/** ms of one run of the work. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  /** Three quarters of the samples are below it. */
  readonly upper: number;
}

const UPPER = 0.75;

export const spreadOf = (samples: readonly number[]): Spread => ({
  median: median(samples),
  min: quantile(samples, 0),
  upper: quantile(samples, UPPER),
});
