/** Token t of image b in an array [B, T, D]. */
const token = ({ shape: [, T, D], data }, b, t) => Array.from(data.slice((b * T + t) * D, (b * T + t + 1) * D));
/** x Wᵀ + b for one row x; W is [K, D]. */
const linear = (x, W, bias) => [...bias.data].map((b, k) => x.reduce((sum, v, j) => sum + v * W.data[k * x.length + j], b));

/**
 * The mean of both heads' logits, (E14), (E15) and (E27), of tokens z [B, T, D]. An array is { shape, data }, data a Float64Array.
 */
export function forward({ z, Wc, bc, Wd, bd }) {
  const [B, K] = [z.shape[0], bc.shape[0]];
  const logits = [];
  for (let b = 0; b < B; b++) {
    const zc = linear(token(z, b, 0), Wc, bc);
    const zd = linear(token(z, b, 1), Wd, bd);
    zc.forEach((c, k) => logits.push((c + zd[k]) / 2));
  }
  return { shape: [B, K], data: Float64Array.from(logits) };
}
