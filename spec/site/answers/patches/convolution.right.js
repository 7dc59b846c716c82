/**
 * The patch embedding E [1, 4, 3] of an image [1, 2, 4, 4] as a convolution: weight [3, 2, 2, 2] (output; channel; row; column), bias [3].
 * An array is { shape, data }, data a Float64Array.
 */
export function forward({ images, weight, bias }) {
  const [B, C, S, p, D] = [1, 2, 4, 2, 3];
  const g = S / p;
  const E = new Float64Array(B * g * g * D);
  for (let b = 0; b < B; b++)
    for (let i = 0; i < g; i++)
      for (let j = 0; j < g; j++)
        for (let o = 0; o < D; o++) {
          let sum = bias.data[o];
          for (let c = 0; c < C; c++)
            for (let r = 0; r < p; r++)
              for (let s = 0; s < p; s++)
                sum += images.data[((b * C + c) * S + i * p + r) * S + j * p + s] * weight.data[((o * C + c) * p + r) * p + s];
          E[((b * g + i) * g + j) * D + o] = sum;
        }
  return { shape: [B, g * g, D], data: E };
}
