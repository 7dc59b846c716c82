/** The numerical side of a derivative: along a unit direction, and for one coordinate. */

/** Step of the 4-point stencil, in units of a unit direction. */
export const STEP = 1e-4;

/** Places and weights of d/dh f at h = 0, exact for polynomials of degree 4: truncation h⁴, rounding 1.5 ulp(f)/h. */
const POINTS: readonly (readonly [place: number, weight: number])[] = [
  [1, 8 / 12],
  [-1, -8 / 12],
  [2, -1 / 12],
  [-2, 1 / 12],
];

/** d/dh f(h) at 0. */
export async function derivative(f: (h: number) => number | Promise<number>, step: number = STEP): Promise<number> {
  let sum = 0;
  for (const [place, weight] of POINTS) sum += weight * (await f(place * step));
  return sum / step;
}
