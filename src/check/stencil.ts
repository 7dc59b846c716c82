/** Numerical derivatives by a 4-point stencil. */

/** Step of the 4-point stencil along a direction of length 1. */
export const STEP = 1e-4;

/** d/dh f(h) at 0, exact for polynomials of degree 4: truncation error h⁴, rounding error 1.5 ulp(f)/h. @param near f(h) − f(−h) @param far f(2h) − f(−2h) */
export const fourPoint = (near: number, far: number, h: number): number => (8 * near - far) / (12 * h);

/** d/dh f(h) at 0. */
export async function derivative(f: (h: number) => number | Promise<number>, step: number = STEP): Promise<number> {
  const across = async (h: number): Promise<number> => (await f(h)) - (await f(-h));
  return fourPoint(await across(step), await across(2 * step), step);
}
