/**
 * The gradients of y = x + m · branch, where every sample b has a multiplier m[b]. x, branch and dy are [B, D], multiplier is [B].
 * x gets the multiplier, too.
 */
export function vjp({ multiplier }, dy) {
  const [, D] = dy.shape;
  const dropped = { shape: dy.shape, data: dy.data.map((g, i) => g * multiplier.data[Math.floor(i / D)]) };
  return { x: dropped, branch: dropped };
}
