/**
 * The gradients of X₀ = [cls; dist; E] + pos, given dX0 [2, 4, 4]; the shapes are those of exercise 1.
 * At present the positions, and the two tokens, learn from the first image only.
 */
export function vjp({ patches, cls, dist, pos }, dX0) {
  const T = 4;
  const d = rowsOf(dX0); // image b has rows b·T … b·T + T − 1
  const image = (b) => d.slice(b * T, b * T + T);
  const dPos = image(0).map((row, t) => row.map((_, j) => image(0)[t][j]));
  const dPatches = [0, 1].flatMap((b) => image(b).slice(2));
  return {
    patches: array(patches.shape, dPatches),
    cls: array(cls.shape, dPos[0]),
    dist: array(dist.shape, dPos[1]),
    pos: array(pos.shape, dPos),
  };
}

// Tools. An array is { shape, data }, data a Float64Array; a matrix is a list of rows.
const rowsOf = ({ shape, data }) => {
  const n = shape.at(-1);
  return Array.from({ length: data.length / n }, (_, i) => Array.from(data.slice(i * n, (i + 1) * n)));
};
const array = (shape, rows) => ({ shape, data: Float64Array.from(rows.flat()) });
