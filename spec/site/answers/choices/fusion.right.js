/** Softmax of one row. */
function softmax(z) {
  const most = Math.max(...z);
  const powers = z.map((v) => Math.exp(v - most));
  const sum = powers.reduce((total, v) => total + v, 0);
  return powers.map((v) => v / sum);
}

/**
 * The gradient of the paper's fusion, σ(z_c) + σ(z_d), by both logits, [1, K].
 */
export function vjp({ head, head_dist }, dScore) {
  const through = ({ shape, data }) => {
    const s = softmax(data);
    const dot = s.reduce((sum, v, i) => sum + v * dScore.data[i], 0);
    return { shape, data: s.map((v, i) => v * (dScore.data[i] - dot)) };
  };
  return { head: through(head), head_dist: through(head_dist) };
}
