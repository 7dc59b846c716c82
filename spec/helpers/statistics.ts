/** p-values of tests of random draws: how often a right implementation would be at least as far off. */
import { distance, type Distribution } from "../../src/laws/loops/distributions.ts";

/** ln Γ(x) for x > 0, from Stirling's series above 10 and Γ(x + 1) = x Γ(x) below; errors below 1e-13. */
function logGamma(x: number): number {
  if (x < 10) return logGamma(x + 1) - Math.log(x);
  const r = 1 / (x * x);
  const series = (1 / 12 - r * (1 / 360 - r * (1 / 1260 - r * (1 / 1680)))) / x;
  return (x - 0.5) * Math.log(x) - x + Math.log(2 * Math.PI) / 2 + series;
}

const TERMS = 2000;

/** Q(a, x), the upper incomplete gamma function divided by Γ(a): a power series for P below x = a + 1, a continued fraction above (DLMF 8.7.1, 8.9.2). */
function upperGamma(a: number, x: number): number {
  if (x <= 0) return 1;
  const front = Math.exp(a * Math.log(x) - x - logGamma(a));
  if (x < a + 1) {
    let [term, sum] = [1 / a, 1 / a];
    for (let n = 1; n < TERMS && term > sum * 1e-17; n++) {
      term *= x / (a + n);
      sum += term;
    }
    return 1 - front * sum;
  }
  let fraction = 0;
  for (let n = TERMS; n > 0; n--) fraction = (n * (n - a)) / (x + 2 * n + 1 - a - fraction);
  return front / (x + 1 - a - fraction);
}

/**
 * Pearson's χ² test of counts against probabilities, which must expect at least five of each.
 *
 * @throws RangeError if they do not
 */
export function chiSquareP(counts: readonly number[], weights: readonly number[]): number {
  const n = counts.reduce((a, b) => a + b, 0);
  const total = weights.reduce((a, b) => a + b, 0);
  const expected = weights.map((weight) => (n * weight) / total);
  if (counts.length !== weights.length || expected.some((count) => !(count >= 5)))
    throw new RangeError("chiSquareP: each of the counts needs a weight by which at least five are expected");
  const statistic = expected.reduce((sum, count, i) => sum + ((counts[i] ?? NaN) - count) ** 2 / count, 0);
  return upperGamma((counts.length - 1) / 2, statistic / 2);
}

/** Pearson's χ² test of integers 0 … n − 1 against n equal probabilities. */
export function uniformP(values: readonly number[], n: number): number {
  const counts = Array.from({ length: n }, () => 0);
  for (const value of values) counts[value] = (counts[value] ?? NaN) + 1;
  return chiSquareP(
    counts,
    counts.map(() => 1),
  );
}

/** Pearson's χ² test of how often something happened. */
export function shareP(events: readonly boolean[], probability: number): number {
  const happened = events.filter((event) => event).length;
  return chiSquareP([happened, events.length - happened], [probability, 1 - probability]);
}

/** The Kolmogorov–Smirnov test of a sample of thousands against a distribution: 2 Σ (−1)ᵏ⁻¹ e^(−2k²x²), x = √n · sup|Fₙ − F|; conservative if it is discrete. */
export function kolmogorovP(sample: readonly number[], law: Distribution): number {
  const x = distance(sample, law);
  if (Number.isNaN(x)) return NaN;
  if (x < 0.3) return 1; // 1 − p < 1e-5, where the series converges slowly
  const terms = Array.from({ length: 100 }, (_, k) => (-1) ** k * Math.exp(-2 * (k + 1) ** 2 * x ** 2));
  return 2 * terms.reduce((a, b) => a + b, 0);
}
