/**
 * The gradients of the patch embedding of exercise 2, given dE [1, 4, 3].
 * An array is { shape, data }, data a Float64Array.
 */
export function vjp({ images, weight, bias }, dE) {
  const [B, C, S, p, D] = [1, 2, 4, 2, 3];
  const g = S / p;
  const [dImages, dWeight, dBias] = [images, weight, bias].map(({ data }) => new Float64Array(data.length));
  for (let b = 0; b < B; b++)
    for (let i = 0; i < g; i++)
      for (let j = 0; j < g; j++)
        for (let o = 0; o < D; o++) {
          const d = dE.data[((b * g + i) * g + j) * D + o];
          dBias[o] += d;
          for (let c = 0; c < C; c++)
            for (let r = 0; r < p; r++)
              for (let s = 0; s < p; s++) {
                const pixel = ((b * C + c) * S + i * p + r) * S + j * p + s;
                const entry = ((o * C + c) * p + r) * p + s;
                dWeight[entry] += d * images.data[pixel];
                dImages[pixel] += d * weight.data[entry];
              }
        }
  return {
    images: { shape: images.shape, data: dImages },
    weight: { shape: weight.shape, data: dWeight },
    bias: { shape: bias.shape, data: dBias },
  };
}
