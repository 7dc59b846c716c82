/** σ of a row of logits. */
const softmax = (z) => {
  const most = Math.max(...z);
  const exps = z.map((x) => Math.exp(x - most));
  const sum = exps.reduce((a, b) => a + b, 0);
  return exps.map((e) => e / sum);
};

/**
 * The paper's score of one image, (E27).
 * Wrong: softmax is taken once, of the summed logits.
 */
export function forward({ head, head_dist }) {
  const [zc, zd] = [[...head.data], [...head_dist.data]];
  const score = softmax(zc.map((c, k) => c + zd[k])).map((p) => 2 * p);
  return { shape: head.shape, data: Float64Array.from(score) };
}
