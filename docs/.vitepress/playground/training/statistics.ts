/** What is shown of weights and gradients: norm and histogram of each parameter. */
import { numbersOf } from "#deit/io/weights/stored.js";
import type { Leaves } from "./student.ts";

/** Counts of values in equal bins from −most to most. */
export interface Histogram {
  readonly most: number;
  readonly counts: readonly number[];
}

/** A tensor in a few numbers. */
export interface Summary {
  readonly norm: number;
  readonly histogram: Histogram;
}

/** A parameter. */
export interface ParameterRow {
  /** `blocks.0.attn.qkv.weight` */
  readonly name: string;
  readonly shape: readonly number[];
  readonly weight: Summary;
  /** Of the last step; null: there is none yet. */
  readonly gradient: Summary | null;
}

/** An odd number, so that one bin has 0 in its middle. */
const BINS = 21;

/** Norm and histogram of some numbers. */
export function summaryOf(values: ArrayLike<number>): Summary {
  let [most, squares] = [0, 0];
  for (let i = 0; i < values.length; i++) {
    const x = values[i] ?? NaN;
    most = Math.max(most, Math.abs(x));
    squares += x * x;
  }
  const counts = Array.from({ length: BINS }, () => 0);
  for (let i = 0; i < values.length; i++) {
    const place = most > 0 ? Math.min(BINS - 1, Math.floor((((values[i] ?? NaN) / most + 1) / 2) * BINS)) : (BINS - 1) / 2;
    counts[place] = (counts[place] ?? 0) + 1;
  }
  return { norm: Math.sqrt(squares), histogram: { most, counts } };
}

/** A row for each parameter, in the order of the tree. */
export const parameterRows = (weights: Leaves, gradients: Leaves | null): readonly ParameterRow[] =>
  [...weights].map(([name, weight]) => {
    const gradient = gradients?.get(name);
    return {
      name,
      shape: weight.shape,
      weight: summaryOf(numbersOf(weight)),
      gradient: gradient === undefined ? null : summaryOf(numbersOf(gradient)),
    };
  });
