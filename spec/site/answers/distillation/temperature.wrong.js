/** σ of a row of logits. */
const softmax = (z) => {
  const most = Math.max(...z);
  const exps = z.map((x) => Math.exp(x - most));
  const sum = exps.reduce((a, b) => a + b, 0);
  return exps.map((e) => e / sum);
};

/**
 * The gradient of τ² KL, (G6), for one image; dOut is the cotangent of this number.
 * Wrong: the factor 1/τ of the chain rule is missing.
 */
export function vjp({ student, teacher, tau }, dOut) {
  const [t, d] = [tau.data[0], dOut.data[0]];
  const s = softmax([...student.data].map((z) => z / t));
  const p = softmax([...teacher.data].map((z) => z / t));
  return { student: { shape: student.shape, data: Float64Array.from(s, (x, k) => t ** 2 * (x - p[k]) * d) } };
}
