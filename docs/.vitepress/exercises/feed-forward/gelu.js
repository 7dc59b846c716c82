/**
 * y = GELU(x), number by number. An array is { shape, data }, data a Float64Array.
 * At present this is ReLU, max(x, 0).
 */
export function forward({ x }) {
  return { shape: x.shape, data: x.data.map((v) => Math.max(v, 0)) };
}

/** Φ(x), the distribution function of the normal distribution, by a series for erf whose terms all have the same sign. */
const erf = (z) => {
  let [sum, term] = [z, z];
  for (let n = 1; n < 600; n++) sum += term *= (2 * z * z) / (2 * n + 1);
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-z * z) * sum;
};
const Phi = (x) => 0.5 * (1 + erf(x / Math.SQRT2));
