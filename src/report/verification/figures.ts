/** Formats the numbers of a verdict. */

const DIGITS = 3;
const SIGNIFICANT = 9;

export const figure = (x: number): string => (Number.isFinite(x) ? String(Number(x.toPrecision(SIGNIFICANT))) : String(x));

/** Formats errors and tolerances. */
export const small = (x: number): string => (x === 0 ? "0" : x.toExponential(1));

/** An error as a share of its tolerance: `12 %`, or `3.4e+5 times`. */
export function used(error: number, bound: number): string {
  if (error === 0) return "0 %";
  const share = error / bound;
  return share <= 1 ? `${(100 * share).toFixed(share < 0.01 ? DIGITS : 0)} %` : `${share.toPrecision(DIGITS)} times`;
}

const THOUSAND = 1000;

/** The same in few characters: `49×`, `3e5×`. */
export function times(error: number, bound: number): string {
  const share = error / bound;
  if (!Number.isFinite(share)) return "∞";
  if (share < 10) return `${share.toFixed(1)}×`;
  return share < THOUSAND ? `${share.toFixed(0)}×` : `${share.toExponential(0).replace("e+", "e")}×`;
}
