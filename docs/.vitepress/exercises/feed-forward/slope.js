/** Φ(x), the distribution function of the normal distribution. */
const erf = (z) => {
  // the Taylor series, which is exact enough for |z| < 4
  let [sum, term] = [z, z];
  for (let n = 1; n < 80; n++) sum += (term *= (-z * z) / n) / (2 * n + 1);
  return (2 / Math.sqrt(Math.PI)) * sum;
};
const Phi = (x) => 0.5 * (1 + erf(x / Math.SQRT2));

/**
 * The gradient of GELU(x) = x Φ(x). An array is { shape, data }, data a Float64Array.
 * At present this is the gradient of x Φ(c), as if Φ did not depend on x.
 */
export function vjp({ x }, dy) {
  return { x: { shape: x.shape, data: x.data.map((v, i) => dy.data[i] * Phi(v)) } };
}
