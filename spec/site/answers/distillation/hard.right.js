/** ℓ of a row of logits, (E18). */
const logSoftmax = (z) => {
  const most = Math.max(...z);
  const log = Math.log(z.reduce((sum, x) => sum + Math.exp(x - most), 0));
  return z.map((x) => x - most - log);
};
/** Cross-entropy of a row of logits against a distribution, (E19). */
const crossEntropy = (z, q) => -logSoftmax(z).reduce((sum, l, k) => sum + q[k] * l, 0);

/**
 * Hard distillation of one image, (E26). An array is { shape, data }, data a Float64Array.
 */
export function forward({ head, head_dist, target, teacher, alpha }) {
  const [zc, zd, q, zt] = [head, head_dist, target, teacher].map(({ data }) => [...data]);
  const a = alpha.data[0];
  const yt = zt.indexOf(Math.max(...zt));
  const decision = zt.map((_, k) => (k === yt ? 1 : 0));
  return { shape: [], data: Float64Array.of((1 - a) * crossEntropy(zc, q) + a * crossEntropy(zd, decision)) };
}
