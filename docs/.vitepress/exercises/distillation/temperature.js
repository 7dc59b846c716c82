/** σ of a row of logits. */
const softmax = (z) => {
  const most = Math.max(...z);
  const exps = z.map((x) => Math.exp(x - most));
  const sum = exps.reduce((a, b) => a + b, 0);
  return exps.map((e) => e / sum);
};

/**
 * The gradient of τ² KL, (G6), for one image; dOut is the cotangent of this number.
 * At present it is that of KL at τ = 1.
 */
export function vjp({ student, teacher, tau }, dOut) {
  const [t, d] = [tau.data[0], dOut.data[0]];
  const s = softmax([...student.data]);
  const p = softmax([...teacher.data]);
  return { student: { shape: student.shape, data: Float64Array.from(s, (x, k) => (x - p[k]) * d) } };
}
