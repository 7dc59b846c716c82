/**
 * The gradients of y = GELU(x W1ᵀ + b1) W2ᵀ + b2, given dy; x and y are [1, 2, 2], W1 is [4, 2], W2 is [2, 4].
 * From the output back to the input.
 */
export function vjp({ x, W1, b1, W2, b2 }, dy) {
  const H = product(rowsOf(x), transposed(rowsOf(W1))).map((row) => row.map((h, j) => h + b1.data[j]));
  const G = H.map((row) => row.map((h) => h * Phi(h)));
  const dY = rowsOf(dy);
  const dG = product(dY, rowsOf(W2));
  const dH = dG.map((row, t) => row.map((d, j) => d * (Phi(H[t][j]) + H[t][j] * phi(H[t][j]))));
  return {
    x: array(x.shape, product(dH, rowsOf(W1))),
    W1: array(W1.shape, product(transposed(dH), rowsOf(x))),
    b1: array(b1.shape, sumRows(dH)),
    W2: array(W2.shape, product(transposed(dY), G)),
    b2: array(b2.shape, sumRows(dY)),
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
const sumRows = (A) => transposed(A).map((column) => column.reduce((sum, v) => sum + v, 0));

/** Φ(x), the distribution function of the normal distribution, by a series for erf whose terms all have the same sign. */
const erf = (z) => {
  let [sum, term] = [z, z];
  for (let n = 1; n < 600; n++) sum += term *= (2 * z * z) / (2 * n + 1);
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-z * z) * sum;
};
const Phi = (x) => 0.5 * (1 + erf(x / Math.SQRT2));
/** Φ′(x), its density. */
const phi = (x) => Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);
