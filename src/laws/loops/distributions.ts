/**
 * Distributions of random draws, and how far a sample is from one. Written from deit.md 7.6 to 7.10.
 *
 *   distance   √n · sup_x |Fₙ(x) − F(x)|                                     (Kolmogorov)
 *
 * A rectangle of area a and log-aspect ℓ is tried uniformly on a₀ … a₁ and ±L, and taken from a square image if a e^|ℓ| ≤ 1. Of those taken,
 *
 *   P(|ℓ| ≤ t) ∝ ∫₀ᵗ (min(a₁, e⁻ˢ) − a₀) ds        P(area ≤ a) ∝ ∫ min(L, −ln t) dt from a₀ to a
 */
import { normalCdf } from "./feedForward.ts";

/** A distribution on the real line. */
export interface Distribution {
  /** P(X ≤ x) */
  readonly upTo: (x: number) => number;
  /** P(X < x) */
  readonly below: (x: number) => number;
}

const continuous = (upTo: (x: number) => number): Distribution => ({ upTo, below: upTo });
const clipped = (x: number, least: number, largest: number): number => Math.min(Math.max(x, least), largest);

/** Uniform on `least` … `largest`. */
export const uniform = (least: number, largest: number): Distribution => continuous((x) => clipped((x - least) / (largest - least), 0, 1));

/** 0, 1, … with probabilities in proportion to the weights. */
export function discrete(weights: readonly number[]): Distribution {
  const total = weights.reduce((a, b) => a + b, 0);
  const share = (count: number): number => weights.slice(0, Math.max(0, count)).reduce((a, b) => a + b, 0) / total;
  return { upTo: (x) => share(Math.floor(x) + 1), below: (x) => share(Math.ceil(x)) };
}

/** 0, …, n − 1, equally likely. */
export const integers = (n: number): Distribution => ({
  upTo: (x) => clipped((Math.floor(x) + 1) / n, 0, 1),
  below: (x) => clipped(Math.ceil(x) / n, 0, 1),
});

/** Normal, with values beyond `least` and `largest` replaced by these. */
export function clippedNormal(mean: number, deviation: number, least: number, largest: number): Distribution {
  const phi = (x: number): number => normalCdf((x - mean) / deviation);
  return {
    upTo: (x) => (x < least ? 0 : x < largest ? phi(x) : 1),
    below: (x) => (x <= least ? 0 : x <= largest ? phi(x) : 1),
  };
}

/** Area and log-aspect of rectangles taken from a square image, as shares of its area. */
export function rectangles(
  [a0, a1]: readonly [number, number],
  L: number,
): { readonly area: Distribution; readonly logAspect: Distribution } {
  const turn = clipped(-Math.log(a1), 0, L); // up to this |ℓ|, all areas are taken
  const within = (t: number): number => (t <= turn ? (a1 - a0) * t : (a1 - a0) * turn + (Math.exp(-turn) - Math.exp(-t)) - a0 * (t - turn));
  const corner = clipped(Math.exp(-L), a0, a1); // up to this area, all aspects are taken
  const primitive = (t: number): number => t - t * Math.log(t);
  const below = (a: number): number => (a <= corner ? L * (a - a0) : L * (corner - a0) + primitive(a) - primitive(corner));
  return {
    area: continuous((a) => below(clipped(a, a0, a1)) / below(a1)),
    logAspect: continuous((l) => (1 + (Math.sign(l) * within(clipped(Math.abs(l), 0, L))) / within(L)) / 2),
  };
}

/** Intervals on which a Beta distribution is summed. */
const INTERVALS = 4096;

/**
 * Beta(α, α). Below ½, with x = s^(1/α), P(X ≤ x) is in proportion to ∫ (1 − s^(1/α))^(α − 1) ds from 0 to x^α, here summed by midpoints; above,
 * it follows from symmetry.
 */
export function symmetricBeta(alpha: number): Distribution {
  const step = 0.5 ** alpha / INTERVALS;
  const sums = [0];
  for (let i = 0; i < INTERVALS; i++) sums.push((sums[i] ?? NaN) + (1 - ((i + 0.5) * step) ** (1 / alpha)) ** (alpha - 1));
  const lowerHalf = (x: number): number => {
    const place = x ** alpha / step;
    const i = Math.min(Math.floor(place), INTERVALS - 1);
    const [low = NaN, high = NaN, whole = NaN] = [sums[i], sums[i + 1], sums[INTERVALS]];
    return (low + (place - i) * (high - low)) / whole / 2;
  };
  return continuous((x) => (x <= 0.5 ? lowerHalf(Math.max(x, 0)) : 1 - lowerHalf(Math.max(1 - x, 0))));
}

/** The distance of a sample from a distribution; of an empty sample, 0. */
export function distance(sample: readonly number[], { upTo, below }: Distribution): number {
  const sorted = sample.toSorted((a, b) => a - b);
  const n = sorted.length;
  const gaps = sorted.map((x, i) => {
    const above = sorted[i + 1] === x ? 0 : Math.abs((i + 1) / n - upTo(x));
    const under = sorted[i - 1] === x ? 0 : Math.abs(i / n - below(x));
    return Math.max(above, under);
  });
  return Math.sqrt(n) * gaps.reduce((worst, gap) => Math.max(worst, gap), 0);
}

/** √n times the mean distance of events from their probabilities, each event with its own. */
export const excess = (events: readonly (readonly [happened: boolean, probability: number])[]): number =>
  Math.abs(events.reduce((sum, [happened, probability]) => sum + (happened ? 1 : 0) - probability, 0)) / Math.sqrt(events.length || 1);
