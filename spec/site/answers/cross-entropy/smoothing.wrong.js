/** ℓ of a row of logits, (E18). */
const logSoftmax = (z) => {
  const most = Math.max(...z);
  const log = Math.log(z.reduce((sum, x) => sum + Math.exp(x - most), 0));
  return z.map((x) => x - most - log);
};

/**
 * Cross-entropy of one image with its label, smoothed by (E20).
 * Wrong: the mass is spread over the other classes, (E21).
 */
export function forward({ logits, label, eps }) {
  const z = [...logits.data];
  const [y, e, K] = [label.data[0], eps.data[0], z.length];
  const q = z.map((_, k) => (k === y ? 1 - e : e / (K - 1)));
  const loss = -logSoftmax(z).reduce((sum, l, k) => sum + q[k] * l, 0);
  return { shape: [], data: Float64Array.of(loss) };
}
