/**
 * X₀ of a distilled model: patches [2, 2, 4], cls and dist [1, 1, 4], pos [1, 4, 4] → [2, 4, 4].
 * Each token has a position, the prefix tokens too.
 */
export function forward({ patches, cls, dist, pos }) {
  const [B, N] = [2, 2];
  const E = rowsOf(patches); // image b has rows b·N … b·N + N − 1
  const P = rowsOf(pos);
  const rows = [];
  for (let b = 0; b < B; b++) {
    const tokens = [[...cls.data], [...dist.data], ...E.slice(b * N, b * N + N)];
    rows.push(...tokens.map((row, t) => row.map((v, j) => v + P[t][j])));
  }
  return array([B, N + 2, 4], rows);
}

// Tools. An array is { shape, data }, data a Float64Array; a matrix is a list of rows.
const rowsOf = ({ shape, data }) => {
  const n = shape.at(-1);
  return Array.from({ length: data.length / n }, (_, i) => Array.from(data.slice(i * n, (i + 1) * n)));
};
const array = (shape, rows) => ({ shape, data: Float64Array.from(rows.flat()) });
