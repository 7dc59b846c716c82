/**
 * One head: O = σ(d^(−½) Q Kᵀ) V. Q, K and V are [3, 4], so d = 4.
 * Softmax is taken over the queries: each column of A sums to 1.
 */
export function forward({ q, keys, values }) {
  const [Q, K, V] = [q, keys, values].map(rowsOf);
  const S = product(Q, transposed(K)).map((row) => row.map((s) => s / Math.sqrt(4)));
  const A = transposed(
    transposed(S).map((column) => {
      const e = column.map((s) => Math.exp(s - Math.max(...column)));
      const sum = e.reduce((a, b) => a + b);
      return e.map((v) => v / sum);
    }),
  );
  return array([3, 4], product(A, V));
}

// Tools. An array is { shape, data }, data a Float64Array; a matrix is a list of rows.
const rowsOf = ({ shape, data }) => {
  const n = shape.at(-1);
  return Array.from({ length: data.length / n }, (_, i) => Array.from(data.slice(i * n, (i + 1) * n)));
};
const array = (shape, rows) => ({ shape, data: Float64Array.from(rows.flat()) });
const dot = (a, b) => a.reduce((sum, v, i) => sum + v * b[i], 0);
const transposed = (A) => A[0].map((_, j) => A.map((row) => row[j]));
const product = (A, B) => A.map((row) => transposed(B).map((column) => dot(row, column)));
