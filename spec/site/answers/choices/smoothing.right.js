/** ε of label smoothing. */
const EPS = 0.1;

/**
 * Cross-entropy (E19) of logits, [B, K], with labels, [B], smoothed as the authors' code does it (E20): a number, shape [].
 */
export function forward({ logits, labels }) {
  const [B, K] = logits.shape;
  let loss = 0;
  for (let b = 0; b < B; b++) {
    const z = logits.data.subarray(b * K, (b + 1) * K);
    const most = Math.max(...z);
    const logSum = most + Math.log(z.reduce((sum, v) => sum + Math.exp(v - most), 0));
    for (let k = 0; k < K; k++) {
      const q = k === labels.data[b] ? 1 - EPS + EPS / K : EPS / K;
      loss -= (q * (z[k] - logSum)) / B;
    }
  }
  return { shape: [], data: Float64Array.of(loss) };
}
