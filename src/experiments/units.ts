/** The units of what experiments measure: how a number is written, how two are compared, and how their difference is written. */

/** One of `units`. */
export type Unit = "%" | "cosine" | "images/s";

interface Form {
  /** From the number in a result to this unit. */
  readonly of: (value: number) => number;
  readonly digits: number;
  /** Whether two are compared by their ratio: differences are then taken of logarithms. */
  readonly logarithmic: boolean;
  readonly difference: (d: number) => string;
  /** What a difference is a number of. */
  readonly differences: string;
}

function signed(x: number, digits: number): string {
  const text = x.toFixed(digits);
  if (Number(text) === 0) return text.replace("-", "");
  return x > 0 ? `+${text}` : text;
}

/** How a number of each unit is written. */
export const units: { readonly [U in Unit]: Form } = {
  // a share: top-1, disagreement
  "%": { of: (share) => 100 * share, digits: 2, logarithmic: false, difference: (d) => signed(d, 2), differences: "points" },
  cosine: { of: (x) => x, digits: 3, logarithmic: false, difference: (d) => signed(d, 3), differences: "cosine" },
  "images/s": { of: (x) => x, digits: 3, logarithmic: true, difference: (d) => `× ${Math.exp(d).toFixed(2)}`, differences: "ratio" },
};

/** 82.9 → `82.90`; a number that is not known: `–` */
export const numberText = (unit: Unit, x: number): string => (Number.isFinite(x) ? x.toFixed(units[unit].digits) : "–");

/** The paper's number, as it is printed there; null: `–` */
export function paperText(unit: Unit, x: number | null): string {
  if (x === null) return "–";
  return unit === "%" ? x.toFixed(1) : `${x}`;
}

/** 1.2 → `+1.20`; a number that is not known: `–` */
export const differenceText = (unit: Unit, d: number): string => (Number.isFinite(d) ? units[unit].difference(d) : "–");

/** The number whose differences are taken. */
export const scaled = (unit: Unit, x: number): number => (units[unit].logarithmic ? Math.log(x) : x);
