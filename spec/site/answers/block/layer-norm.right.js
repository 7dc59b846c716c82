const mean = (row) => row.reduce((a, b) => a + b, 0) / row.length;
/** The rows of an array [R, D]. */
const rowsOf = ({ shape: [R, D], data }) => Array.from({ length: R }, (_, i) => Array.from(data.slice(i * D, (i + 1) * D)));

/**
 * Layer norm of each row of x, (E4). An array is { shape, data }, data a Float64Array.
 */
export function forward({ x, weight, bias, eps }) {
  const [gamma, beta, e] = [weight.data, bias.data, eps.data[0]];
  const y = rowsOf(x).flatMap((row) => {
    const centred = row.map((v) => v - mean(row));
    const variance = mean(centred.map((c) => c * c));
    return centred.map((c, j) => (gamma[j] * c) / Math.sqrt(variance + e) + beta[j]);
  });
  return { shape: x.shape, data: Float64Array.from(y) };
}
