/**
 * ℓ(300 z) of one row of logits, (E18). An array is { shape, data }, data a Float64Array.
 * At present it is the logarithm of softmax, as the formula of softmax is usually written.
 */
export function forward({ z }) {
  const logits = [...z.data].map((x) => 300 * x);
  const sum = logits.reduce((s, x) => s + Math.exp(x), 0);
  const l = logits.map((x) => Math.log(Math.exp(x) / sum));
  return { shape: z.shape, data: Float64Array.from(l) };
}
