/**
 * The gradients of a linear layer, y = x Wᵀ + b. An array is { shape, data }, data a Float64Array in rows.
 * x is [rows, I], weight [O, I], bias [O], and dy, the cotangent of y, is [rows, O].
 * All three of (G1).
 */
export function vjp({ x, weight, bias }, dy) {
  const [rows, I] = x.shape;
  const [O] = bias.shape;
  const dx = new Float64Array(rows * I);
  const dWeight = new Float64Array(O * I);
  const dBias = new Float64Array(O);
  for (let n = 0; n < rows; n++)
    for (let o = 0; o < O; o++) {
      dBias[o] += dy.data[n * O + o];
      for (let i = 0; i < I; i++) {
        dx[n * I + i] += dy.data[n * O + o] * weight.data[o * I + i];
        dWeight[o * I + i] += dy.data[n * O + o] * x.data[n * I + i];
      }
    }
  return {
    x: { shape: x.shape, data: dx },
    weight: { shape: weight.shape, data: dWeight },
    bias: { shape: bias.shape, data: dBias },
  };
}
