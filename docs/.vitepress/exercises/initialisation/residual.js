/**
 * The gradients of y = x + m · branch, where every sample b has a multiplier m[b]. x, branch and dy are [B, D], multiplier is [B].
 * At present the branch gets the whole gradient, even where it was dropped.
 */
export function vjp({ x, branch, multiplier }, dy) {
  return { x: dy, branch: dy };
}
