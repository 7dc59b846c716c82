const mean = (row) => row.reduce((a, b) => a + b, 0) / row.length;
/** The rows of an array [R, D]. */
const rowsOf = ({ shape: [R, D], data }) => Array.from({ length: R }, (_, i) => Array.from(data.slice(i * D, (i + 1) * D)));
/** x̂ and r of a row, (E4). */
function normalised(row, eps) {
  const centred = row.map((v) => v - mean(row));
  const r = 1 / Math.sqrt(mean(centred.map((c) => c * c)) + eps);
  return { xHat: centred.map((c) => c * r), r };
}

/**
 * The gradients of layer norm, (G10).
 */
export function vjp({ x, weight, bias, eps }, dOut) {
  const dys = rowsOf(dOut);
  const [dGamma, dBeta, dx] = [weight.data.map(() => 0), bias.data.map(() => 0), []];
  rowsOf(x).forEach((row, i) => {
    const { xHat, r } = normalised(row, eps.data[0]);
    dys[i].forEach((dy, j) => {
      dGamma[j] += dy * xHat[j];
      dBeta[j] += dy;
    });
    const h = dys[i].map((dy, j) => dy * weight.data[j]);
    const along = mean(h.map((hj, j) => hj * xHat[j]));
    h.forEach((hj, j) => dx.push(r * (hj - mean(h) - xHat[j] * along)));
  });
  const like = ({ shape }, data) => ({ shape, data: Float64Array.from(data) });
  return { x: like(x, dx), weight: like(weight, dGamma), bias: like(bias, dBeta) };
}
