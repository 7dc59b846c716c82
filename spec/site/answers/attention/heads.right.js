/**
 * Self-attention with two heads; x is [1, 2, 4], so D = 4 and d = 2. Wqkv is [12, 4].
 * Head m uses columns 2m and 2m + 1 of Q, of K and of V.
 */
export function forward({ x, Wqkv, bqkv, Wo, bo }) {
  const qkv = linear(rowsOf(x), Wqkv, bqkv);
  const [O0, O1] = [0, 2].map((m) => head(columns(qkv, m, m + 2), columns(qkv, 4 + m, 6 + m), columns(qkv, 8 + m, 10 + m)));
  const O = O0.map((row, t) => [...row, ...O1[t]]);
  return array(x.shape, linear(O, Wo, bo));
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
const linear = (X, W, b) => product(X, transposed(rowsOf(W))).map((row) => row.map((v, j) => v + b.data[j]));
/** σ of each row. */
const softmaxRows = (S) =>
  S.map((row) => {
    const e = row.map((s) => Math.exp(s - Math.max(...row)));
    const sum = e.reduce((a, b) => a + b);
    return e.map((v) => v / sum);
  });
/** σ(d^(−½) Q Kᵀ) V */
function head(Q, K, V) {
  const S = product(Q, transposed(K)).map((row) => row.map((s) => s / Math.sqrt(Q[0].length)));
  return product(softmaxRows(S), V);
}
/** Columns from … to − 1 of a matrix. */
const columns = (A, from, to) => A.map((row) => row.slice(from, to));
