/** Compares what the libraries compute, before anything is timed. */
import { tolerances } from "./deit.ts";
import type { Results } from "./library.ts";

export interface Deviation {
  /** The name of the tensor: logits, loss, or timm's name of a gradient. */
  readonly name: string;
  /** The largest absolute difference. */
  readonly difference: number;
  /** The same as a share of the largest expected number. */
  readonly share: number;
  /** The largest allowed share. */
  readonly bound: number;
  readonly agrees: boolean;
}

/** Logits and losses are compared end to end; gradients with those of another f32 engine. */
const boundOf = (name: string): number => tolerances[["logits", "loss"].includes(name) ? "recordedEndToEnd" : "parity"].f32.bound;

/** A difference that is NaN agrees with nothing. */
function deviation(name: string, actual: ArrayLike<number> | undefined, expected: ArrayLike<number>): Deviation {
  const bound = boundOf(name);
  const numbers = Array.from(expected);
  const largest = (of: (e: number, i: number) => number): number => numbers.reduce((most, e, i) => Math.max(most, Math.abs(of(e, i))), 0);
  const difference = actual?.length === expected.length ? largest((e, i) => (actual[i] ?? NaN) - e) : NaN;
  const share = difference / largest((e) => e);
  return { name, difference, share, bound, agrees: share <= bound };
}

/** The share of the bound that an error uses; NaN counts as infinite. */
const used = ({ share, bound }: Deviation): number => (Number.isNaN(share) ? Infinity : share / bound);

/** The error of the tensor that uses the largest share of its bound. */
export function largestDeviation(actual: Results, expected: Results): Deviation {
  const all = [...expected].map(([name, values]) => deviation(name, actual.get(name), values));
  return all.reduce((most, one) => (used(one) > used(most) ? one : most));
}
