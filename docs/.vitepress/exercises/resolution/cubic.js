/** The cubic convolution kernel of (E17), for |x| from 0 to 2. */
const a = -0.75;
const kernel = (x) => (x <= 1 ? (a + 2) * x ** 3 - (a + 3) * x ** 2 + 1 : a * x ** 3 - 5 * a * x ** 2 + 8 * a * x - 4 * a);

/**
 * Positions along a line, [1, 4, D] → [1, 6, D], by (E16) and (E17).
 * At present they are interpolated linearly between the two nearest inputs.
 */
export function forward({ pos }) {
  const [n, m, D] = [4, 6, pos.shape[2]];
  const out = new Float64Array(m * D);
  for (let i = 0; i < m; i++) {
    const u = Math.min(Math.max((n / m) * (i + 0.5) - 0.5, 0), n - 1);
    const f = Math.floor(u);
    const t = u - f;
    for (let c = 0; c < D; c++) out[i * D + c] = (1 - t) * pos.data[f * D + c] + t * pos.data[Math.min(f + 1, n - 1) * D + c];
  }
  return { shape: [1, m, D], data: out };
}
