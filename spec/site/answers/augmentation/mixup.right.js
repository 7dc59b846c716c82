/**
 * Mixup (E38) of a batch x, [B, n], with λ = lambda.data[0]. An array is { shape, data }, data a Float64Array.
 */
export function forward({ x, lambda }) {
  const [B, n] = x.shape;
  const [keep] = lambda.data;
  const data = x.data.map((v, at) => {
    const i = Math.floor(at / n);
    const partner = B - 1 - i;
    return keep * v + (1 - keep) * x.data[partner * n + (at % n)];
  });
  return { shape: x.shape, data };
}
