/**
 * The gradient (G19). The inputs are { pos, R, C }. pos, [1, 1 + 2·3, D], has one prefix row and a grid of 2 rows and 3 columns; dY, [1, 1 + 3·4, D], belongs to the resized
 * positions. R, [3, 2], resizes rows and C, [4, 3], columns.
 * At present the gradient of the prefix row is right, and that of the grid is 0.
 */
export function vjp({ pos }, dY) {
  const D = pos.shape[2];
  const data = new Float64Array(pos.data.length);
  data.set(dY.data.subarray(0, D));
  return { pos: { shape: pos.shape, data } };
}
