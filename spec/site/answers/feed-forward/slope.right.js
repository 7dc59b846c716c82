/**
 * The gradient of GELU(x) = x Φ(x). An array is { shape, data }, data a Float64Array.
 * Both factors depend on x.
 */
export function vjp({ x }, dy) {
  return { x: { shape: x.shape, data: x.data.map((v, i) => dy.data[i] * (Phi(v) + v * phi(v))) } };
}

/** Φ(x), the distribution function of the normal distribution, by a series for erf whose terms all have the same sign. */
const erf = (z) => {
  let [sum, term] = [z, z];
  for (let n = 1; n < 600; n++) sum += term *= (2 * z * z) / (2 * n + 1);
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-z * z) * sum;
};
const Phi = (x) => 0.5 * (1 + erf(x / Math.SQRT2));
const phi = (x) => Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);
