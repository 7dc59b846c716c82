/** Whether libraries compute the same: asked before anything is timed. */
import { tolerances } from "./deit.ts";
import type { Results } from "./library.ts";

export interface Deviation {
  /** Of the tensor: logits, loss, or a gradient by timm's name. */
  readonly name: string;
  /** The largest difference of two numbers. */
  readonly difference: number;
  /** The same as a share of the largest expected number. */
  readonly share: number;
  /** On the share. */
  readonly bound: number;
  readonly agrees: boolean;
}

/** From the images on for logits and losses; gradients are compared with another engine's of f32. */
const boundOf = (name: string): number => tolerances[["logits", "loss"].includes(name) ? "recordedEndToEnd" : "parity"].f32.bound;

/** Differences that are no numbers agree with nothing. */
function deviation(name: string, actual: ArrayLike<number> | undefined, expected: ArrayLike<number>): Deviation {
  const bound = boundOf(name);
  const numbers = Array.from(expected);
  const largest = (of: (e: number, i: number) => number): number => numbers.reduce((most, e, i) => Math.max(most, Math.abs(of(e, i))), 0);
  const difference = actual?.length === expected.length ? largest((e, i) => (actual[i] ?? NaN) - e) : NaN;
  const share = difference / largest((e) => e);
  return { name, difference, share, bound, agrees: share <= bound };
}

/** Of its bound; no number is more than any. */
const used = ({ share, bound }: Deviation): number => (Number.isNaN(share) ? Infinity : share / bound);

/** That of the tensor which uses most of its bound. */
export function largestDeviation(actual: Results, expected: Results): Deviation {
  const all = [...expected].map(([name, values]) => deviation(name, actual.get(name), values));
  return all.reduce((most, one) => (used(one) > used(most) ? one : most));
}
