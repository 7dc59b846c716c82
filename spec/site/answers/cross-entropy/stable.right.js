/**
 * ℓ(300 z) of one row of logits, (E18). An array is { shape, data }, data a Float64Array.
 */
export function forward({ z }) {
  const logits = [...z.data].map((x) => 300 * x);
  const most = Math.max(...logits);
  const log = Math.log(logits.reduce((s, x) => s + Math.exp(x - most), 0));
  const l = logits.map((x) => x - most - log);
  return { shape: z.shape, data: Float64Array.from(l) };
}
