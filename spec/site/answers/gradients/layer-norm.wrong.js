const EPS = 1e-6;
const mean = (v) => v.reduce((sum, x) => sum + x, 0) / v.length;

/**
 * The gradients of layer norm, y = γ x̂ + β with x̂ = (x − μ) r. x and dy are [rows, D], gamma and beta [D].
 * The deviation is still treated as a constant.
 */
export function vjp({ x, gamma, beta }, dy) {
  const [rows, D] = x.shape;
  const dx = new Float64Array(rows * D);
  const dGamma = new Float64Array(D);
  const dBeta = new Float64Array(D);
  for (let n = 0; n < rows; n++) {
    const row = x.data.slice(n * D, (n + 1) * D);
    const mu = mean(row);
    const r = 1 / Math.sqrt(mean(row.map((v) => (v - mu) ** 2)) + EPS);
    const xHat = row.map((v) => (v - mu) * r);
    const dRow = dy.data.slice(n * D, (n + 1) * D);
    const h = dRow.map((g, i) => g * gamma.data[i]); // the cotangent of x̂
    const alongOnes = mean(h);
    for (let i = 0; i < D; i++) {
      dBeta[i] += dRow[i];
      dGamma[i] += dRow[i] * xHat[i];
      dx[n * D + i] = r * (h[i] - alongOnes);
    }
  }
  return {
    x: { shape: x.shape, data: dx },
    gamma: { shape: gamma.shape, data: dGamma },
    beta: { shape: beta.shape, data: dBeta },
  };
}
