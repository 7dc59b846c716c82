/** σ of a row of logits. */
const softmax = (z) => {
  const most = Math.max(...z);
  const exps = z.map((x) => Math.exp(x - most));
  const sum = exps.reduce((a, b) => a + b, 0);
  return exps.map((e) => e / sum);
};

/**
 * The gradient of soft distillation (E22) of one image whose loss reads one head twice: for the label and for the teacher.
 * At present only the label's term sends a gradient.
 */
export function vjp({ head, target, teacher, tau, lambda }, dLoss) {
  const [t, share, d] = [tau.data[0], lambda.data[0], dLoss.data[0]];
  const [z, q, zt] = [head, target, teacher].map(({ data }) => [...data]);
  const truth = softmax(z).map((x, k) => x - q[k]);
  return { head: { shape: head.shape, data: Float64Array.from(truth, (x) => (1 - share) * x * d) } };
}
