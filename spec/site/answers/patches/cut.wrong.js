/**
 * Cuts an image [1, 2, 4, 4] (image; channel; row; column) into patches of 2 × 2: [1, 4, 8].
 * An array is { shape, data }, data a Float64Array. The patches are numbered down the columns of the grid.
 */
export function forward({ images }) {
  const [B, C, S, p] = [1, 2, 4, 2];
  const g = S / p;
  const U = [];
  for (let b = 0; b < B; b++)
    for (let n = 0; n < g * g; n++) {
      const [i, j] = [n % g, Math.floor(n / g)];
      for (let c = 0; c < C; c++)
        for (let r = 0; r < p; r++) for (let s = 0; s < p; s++) U.push(images.data[((b * C + c) * S + i * p + r) * S + j * p + s]);
    }
  return { shape: [B, g * g, C * p * p], data: Float64Array.from(U) };
}
