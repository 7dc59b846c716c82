/** a b, a bᵀ and aᵀ b of matrices { shape: [rows, columns], data }. */
const matrix = (rows, columns, f) => ({
  shape: [rows, columns],
  data: Float64Array.from({ length: rows * columns }, (_, i) => f(Math.floor(i / columns), i % columns)),
});
const at = ({ shape, data }, i, j) => data[i * shape[1] + j];
const sum = (n, f) => Array.from({ length: n }, (_, i) => f(i)).reduce((total, x) => total + x, 0);
const times = (a, b) => matrix(a.shape[0], b.shape[1], (i, j) => sum(b.shape[0], (t) => at(a, i, t) * at(b, t, j)));
const transposed = (a) => matrix(a.shape[1], a.shape[0], (i, j) => at(a, j, i));
const scaled = (a, s) => matrix(...a.shape, (i, j) => s * at(a, i, j));

/** Softmax of each row. */
function softmax(z) {
  const e = matrix(...z.shape, (i, j) => Math.exp(at(z, i, j)));
  return matrix(...z.shape, (i, j) => at(e, i, j) / sum(z.shape[1], (t) => at(e, i, t)));
}

/**
 * The gradients of the attention core, O = A V with A = softmax(d^(−½) Q Kᵀ). q is [Tq, d], keys and values [Tk, d], dOut is [Tq, d].
 * All three of (G12).
 */
export function vjp({ q, keys, values }, dOut) {
  const scale = q.shape[1] ** -0.5;
  const A = softmax(scaled(times(q, transposed(keys)), scale));
  const dValues = times(transposed(A), dOut);
  const dA = times(dOut, transposed(values));
  const dS = matrix(...A.shape, (i, j) => at(A, i, j) * (at(dA, i, j) - sum(A.shape[1], (t) => at(dA, i, t) * at(A, i, t))));
  const dQ = scaled(times(dS, keys), scale);
  const dKeys = scaled(times(transposed(dS), q), scale);
  return { q: dQ, keys: dKeys, values: dValues };
}
