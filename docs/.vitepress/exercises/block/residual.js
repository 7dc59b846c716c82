const mean = (row) => row.reduce((a, b) => a + b, 0) / row.length;
/** The rows of an array [R, D]. */
const rowsOf = ({ shape: [R, D], data }) => Array.from({ length: R }, (_, i) => Array.from(data.slice(i * D, (i + 1) * D)));
/** x̂ and r of a row, (E4). */
function normalised(row, eps) {
  const centred = row.map((v) => v - mean(row));
  const r = 1 / Math.sqrt(mean(centred.map((c) => c * c)) + eps);
  return { xHat: centred.map((c) => c * r), r };
}
/** x̄ of layer norm for one row, (G10). */
function layerNormVjp(row, gamma, eps, dy) {
  const { xHat, r } = normalised(row, eps);
  const h = dy.map((d, j) => d * gamma[j]);
  const along = mean(h.map((hj, j) => hj * xHat[j]));
  return h.map((hj, j) => r * (hj - mean(h) - xHat[j] * along));
}

/**
 * The gradient of x + m ⊙ LN(x) with respect to x; row b is a sample, with the multiplier m of index b.
 * At present only the branch sends a gradient back.
 */
export function vjp({ x, weight, eps, multiplier }, dOut) {
  const dys = rowsOf(dOut);
  const dx = rowsOf(x).flatMap((row, b) => {
    const [dy, m] = [dys[b], multiplier.data[b]];
    return layerNormVjp(
      row,
      weight.data,
      eps.data[0],
      dy.map((d) => m * d),
    );
  });
  return { x: { shape: x.shape, data: Float64Array.from(dx) } };
}
