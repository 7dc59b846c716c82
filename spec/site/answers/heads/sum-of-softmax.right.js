/** σ of a row of logits. */
const softmax = (z) => {
  const most = Math.max(...z);
  const exps = z.map((x) => Math.exp(x - most));
  const sum = exps.reduce((a, b) => a + b, 0);
  return exps.map((e) => e / sum);
};

/**
 * The paper's score of one image, (E27).
 */
export function forward({ head, head_dist }) {
  const [zc, zd] = [[...head.data], [...head_dist.data]];
  const [c, d] = [softmax(zc), softmax(zd)];
  const score = c.map((p, k) => p + d[k]);
  return { shape: head.shape, data: Float64Array.from(score) };
}
