/** σ of a row of logits. */
const softmax = (z) => {
  const most = Math.max(...z);
  const exps = z.map((x) => Math.exp(x - most));
  const sum = exps.reduce((a, b) => a + b, 0);
  return exps.map((e) => e / sum);
};

/**
 * The paper's score of one image, (E27).
 * At present it is the mean of the logits.
 */
export function forward({ head, head_dist }) {
  const [zc, zd] = [[...head.data], [...head_dist.data]];
  const score = zc.map((c, k) => (c + zd[k]) / 2);
  return { shape: head.shape, data: Float64Array.from(score) };
}
