/** The cubic convolution kernel of (E17), for |x| from 0 to 2. */
const a = -0.75;
const kernel = (x) => (x <= 1 ? (a + 2) * x ** 3 - (a + 3) * x ** 2 + 1 : a * x ** 3 - 5 * a * x ** 2 + 8 * a * x - 4 * a);

/**
 * Positions along a line, [1, 4, D] → [1, 6, D], by (E16) and (E17).
 */
export function forward({ pos }) {
  const [n, m, D] = [4, 6, pos.shape[2]];
  const out = new Float64Array(m * D);
  for (let i = 0; i < m; i++) {
    const u = (n / m) * (i + 0.5) - 0.5;
    const f = Math.floor(u);
    for (let j = f - 1; j <= f + 2; j++)
      for (let c = 0; c < D; c++) out[i * D + c] += kernel(Math.abs(u - j)) * pos.data[Math.min(Math.max(j, 0), n - 1) * D + c];
  }
  return { shape: [1, m, D], data: out };
}
