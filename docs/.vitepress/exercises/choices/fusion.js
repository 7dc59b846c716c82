/** Softmax of one row. */
function softmax(z) {
  const most = Math.max(...z);
  const powers = z.map((v) => Math.exp(v - most));
  const sum = powers.reduce((total, v) => total + v, 0);
  return powers.map((v) => v / sum);
}

/**
 * The gradient of the paper's fusion, σ(z_c) + σ(z_d), by both logits, [1, K].
 * At present each class is taken for itself, as if softmax had no sum.
 */
export function vjp({ head, head_dist }, dScore) {
  const through = ({ shape, data }) => ({ shape, data: softmax(data).map((v, i) => v * dScore.data[i]) });
  return { head: through(head), head_dist: through(head_dist) };
}
