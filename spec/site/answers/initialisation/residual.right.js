/**
 * The gradients of y = x + m · branch, where every sample b has a multiplier m[b]. x, branch and dy are [B, D], multiplier is [B].
 * (G14).
 */
export function vjp({ multiplier }, dy) {
  const [, D] = dy.shape;
  return { x: dy, branch: { shape: dy.shape, data: dy.data.map((g, i) => g * multiplier.data[Math.floor(i / D)]) } };
}
