/**
 * Positions of a distilled model, [1, 2 + 4, D], from a grid of 2 × 2 to one of 3 × 3: rows and columns are resized by the same R, [3, 2].
 */
export function forward({ pos, R }) {
  const D = pos.shape[2];
  const [m, n] = R.shape;
  const prefix = 2;
  const out = new Float64Array((prefix + m * m) * D);
  out.set(pos.data.subarray(0, prefix * D));
  for (let a = 0; a < m; a++)
    for (let b = 0; b < m; b++)
      for (let i = 0; i < n; i++)
        for (let j = 0; j < n; j++)
          for (let c = 0; c < D; c++)
            out[(prefix + a * m + b) * D + c] += R.data[b * n + i] * R.data[a * n + j] * pos.data[(prefix + i * n + j) * D + c];
  return { shape: [1, prefix + m * m, D], data: out };
}
