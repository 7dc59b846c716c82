/**
 * Softmax of scores z, [queries, keys], as (E7) means it: the weights of each query on the keys sum to 1.
 */
export function forward({ z }) {
  const [rows, columns] = z.shape;
  const powers = z.data.map((v) => Math.exp(v));
  const sums = new Float64Array(rows);
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) sums[i] += powers[i * columns + j];
  return { shape: z.shape, data: powers.map((v, at) => v / sums[Math.floor(at / columns)]) };
}
