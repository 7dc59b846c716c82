/**
 * Means of few numbers, and how far they can be trusted, by Student's t distribution with ν = n − 1 degrees of freedom.
 *
 *   s² = Σ (xᵢ − x̄)²/(n − 1)      standard error  s/√n      95 % interval  x̄ ± t₀.₉₇₅ s/√n
 *
 * Of two arms that are trained on the same seeds, x are the differences seed by seed: what a seed does to both cancels.
 */

/** x̄; NaN for no numbers. */
export const mean = (values: readonly number[]): number => values.reduce((sum, x) => sum + x, 0) / values.length;

/** s; NaN for one number. */
export function standardDeviation(values: readonly number[]): number {
  const centre = mean(values);
  return Math.sqrt(values.reduce((sum, x) => sum + (x - centre) ** 2, 0) / (values.length - 1));
}

/** s/√n; NaN for one number. */
export const standardError = (values: readonly number[]): number => standardDeviation(values) / Math.sqrt(values.length);

/** The probability that |T| < t: for an integer ν a finite sum of powers of cos θ, θ = atan(t/√ν) (Abramowitz and Stegun 26.7.3 and 26.7.4). */
function within(t: number, nu: number): number {
  const theta = Math.atan(t / Math.sqrt(nu));
  const [sin, cos] = [Math.sin(theta), Math.cos(theta)];
  const isOdd = nu % 2 === 1;
  let [term, sum] = [isOdd ? cos : 1, 0];
  for (let i = isOdd ? 3 : 2; i <= nu; i += 2) {
    sum += term;
    term *= (cos ** 2 * (i - 1)) / i;
  }
  return isOdd ? (2 / Math.PI) * (theta + sin * sum) : sin * sum;
}

/**
 * The t that T stays below with this probability, by bisection.
 *
 * @param probability in [0.5, 1)
 * @param nu ν, an integer ≥ 1
 */
export function studentQuantile(probability: number, nu: number): number {
  let [low, high] = [0, 1];
  const isBelow = (t: number): boolean => (1 + within(t, nu)) / 2 < probability;
  while (isBelow(high)) high *= 2;
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (isBelow(middle)) low = middle;
    else high = middle;
  }
  return high;
}

/** From and to. */
export type Interval = readonly [from: number, to: number];

/** The 95 % interval of the mean; all numbers for one number. */
export function interval(values: readonly number[]): Interval {
  if (values.length < 2) return [-Infinity, Infinity];
  const half = studentQuantile(0.975, values.length - 1) * standardError(values);
  return [mean(values) - half, mean(values) + half];
}

/**
 * The power of a comparison of n pairs whose differences have this standard deviation: the difference whose interval lies above 0 in 80 % of all
 * repetitions, (t₀.₉₇₅ + t₀.₈) s/√n. Infinity for one pair.
 */
export const detectable = (deviation: number, n: number): number =>
  n < 2 ? Infinity : ((studentQuantile(0.975, n - 1) + studentQuantile(0.8, n - 1)) * deviation) / Math.sqrt(n);
