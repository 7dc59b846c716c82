/** Softmax of one row. */
function softmax(z) {
  const most = Math.max(...z);
  const powers = z.map((v) => Math.exp(v - most));
  const sum = powers.reduce((total, v) => total + v, 0);
  return powers.map((v) => v / sum);
}

/**
 * The gradient of the paper's fusion, σ(z_c) + σ(z_d), by both logits, [1, K].
 * At present this is the gradient of the authors' fusion, ½(z_c + z_d) (G9).
 */
export function vjp({ head, head_dist }, dScore) {
  const half = dScore.data.map((v) => v / 2);
  return { head: { shape: head.shape, data: half }, head_dist: { shape: head_dist.shape, data: half } };
}
