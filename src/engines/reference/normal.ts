/**
 * The normal distribution function and the error function, with errors of a few units in the last place everywhere (E9).
 *
 *   near 0      erf(z) = 2/√π · Σ (−1)ⁿ z²ⁿ⁺¹ / (n! (2n + 1))            DLMF 7.6.1
 *   elsewhere   erf(z) = 1 − e^(−z²)·w(z)      w(z) = e^(z²) erfc(z)       no cancellation in the tail
 *
 * w varies slowly: it is 3/(3 + z) times a Chebyshev series in u = (4 − z)/(3 + z), which maps [½, ∞) to [1, −1).
 * Coefficients: fixtures/normal/make_coefficients.py.
 */

/** w is used from this |z| on. */
const SERIES_BELOW = 0.5;

/** From this |z| on, e^(−z²) is 0 in f64. */
const UNDERFLOW = 40;

/** Coefficients of the Chebyshev series; the next ones are below 1e-17. */
const COEFFICIENTS: readonly number[] = [
  0.38414880039918325, 0.2506924752383632, 0.06675755602514798, 0.014201826365788586, 0.0022765015228904937, 0.00023043940681675892,
  1.8793997035532057e-6, -3.671423301188469e-6, -4.5199886303881584e-7, 3.3943389226029766e-8, 1.3021432318989855e-8,
  2.4801535035264257e-12, -3.4174358038299783e-10, -1.2799647059854397e-11, 9.716411913529587e-12, 5.252412268284351e-13,
  -3.119953223028529e-13, -1.520786773149771e-14, 1.1166661394562257e-14, 2.4830886043557556e-16, -4.27095714867511e-16,
  9.462719113661213e-18, 1.650676226397437e-17,
];

/** w(z) = e^(z²) erfc(z) for ½ ≤ z < ∞, by Clenshaw's recurrence. */
function scaledErfc(z: number): number {
  const u = (4 - z) / (3 + z);
  let [b1, b2] = [0, 0];
  for (let n = COEFFICIENTS.length - 1; n > 0; n--) [b1, b2] = [2 * u * b1 - b2 + COEFFICIENTS[n]!, b1];
  return (3 * (u * b1 - b2 + COEFFICIENTS[0]!)) / (3 + z);
}

/** e^(−x²·share): x² is split into an exact square of 24 bits and a rest, so that its rounding error does not enter the exponent. */
function gaussian(x: number, share: number): number {
  const head = Math.fround(x);
  const e = Math.exp(-head * head * share);
  return e + e * Math.expm1(-(x - head) * (x + head) * share);
}

/** (2/√π) ∫₀ᶻ e^(−t²) dt */
export function erf(z: number): number {
  const a = Math.min(Math.abs(z), UNDERFLOW);
  if (a >= SERIES_BELOW) return Math.sign(z) * (1 - gaussian(a, 1) * scaledErfc(a));
  let [term, sum] = [z, z];
  for (let n = 1; Math.abs(term) > 1e-18 * a; n++) {
    term *= -(z * z) / n;
    sum += term / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
}

/** Φ(x) = ½(1 + erf(x/√2)) */
export function normalCdf(x: number): number {
  const a = Math.min(Math.abs(x), UNDERFLOW);
  if (a * Math.SQRT1_2 < SERIES_BELOW) return 0.5 + 0.5 * erf(x * Math.SQRT1_2);
  const tail = 0.5 * gaussian(a, 0.5) * scaledErfc(a * Math.SQRT1_2);
  return x < 0 ? tail : 1 - tail;
}
