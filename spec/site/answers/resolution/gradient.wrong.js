/**
 * The gradient (G19). pos, [1, 1 + 2·3, D], has one prefix row and a grid of 2 rows and 3 columns; dY, [1, 1 + 3·4, D], belongs to the resized
 * positions. R, [3, 2], resizes rows and C, [4, 3], columns.
 */
export function vjp({ pos, R, C }, dY) {
  const D = pos.shape[2];
  const data = new Float64Array(pos.data.length);
  const [m, n] = R.shape;
  const [w, v] = C.shape;
  for (let a = 0; a < m; a++)
    for (let b = 0; b < w; b++)
      for (let i = 0; i < n; i++)
        for (let j = 0; j < v; j++)
          for (let c = 0; c < D; c++)
            data[(1 + i * v + j) * D + c] += R.data[a * n + i] * C.data[b * v + j] * dY.data[(1 + a * w + b) * D + c];
  return { pos: { shape: pos.shape, data } };
}
