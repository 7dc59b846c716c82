/** Row t of the fixed positions of width D. At present all channels are the same sine. */
const position = (t, D) =>
  Array.from({ length: D }, (_, c) => {
    return Math.sin(t);
  });

/** X₀ of a plain model with fixed positions: patches [2, 2, 4], cls [1, 1, 4] → [2, 3, 4]. */
export function forward({ patches, cls }) {
  const [B, N, D] = [2, 2, 4];
  const E = rowsOf(patches);
  const rows = [];
  for (let b = 0; b < B; b++)
    rows.push(...[[...cls.data], ...E.slice(b * N, b * N + N)].map((row, t) => row.map((v, c) => v + position(t, D)[c])));
  return array([B, N + 1, D], rows);
}

// Tools. An array is { shape, data }, data a Float64Array; a matrix is a list of rows.
const rowsOf = ({ shape, data }) => {
  const n = shape.at(-1);
  return Array.from({ length: data.length / n }, (_, i) => Array.from(data.slice(i * n, (i + 1) * n)));
};
const array = (shape, rows) => ({ shape, data: Float64Array.from(rows.flat()) });
