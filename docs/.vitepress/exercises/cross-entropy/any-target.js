/** σ of a row of logits. */
const softmax = (z) => {
  const most = Math.max(...z);
  const exps = z.map((x) => Math.exp(x - most));
  const sum = exps.reduce((a, b) => a + b, 0);
  return exps.map((e) => e / sum);
};

/**
 * The gradient of cross-entropy, (G4), for logits and targets [B, K].
 * At present it is that of the sum over the batch, for targets that are distributions.
 */
export function vjp({ logits, target }, dLoss) {
  const [B, K] = logits.shape;
  const gradient = [];
  for (let b = 0; b < B; b++) {
    const z = Array.from(logits.data.slice(b * K, (b + 1) * K));
    const q = Array.from(target.data.slice(b * K, (b + 1) * K));
    softmax(z).forEach((s, k) => gradient.push((s - q[k]) * dLoss.data[0]));
  }
  return { logits: { shape: logits.shape, data: Float64Array.from(gradient) } };
}
