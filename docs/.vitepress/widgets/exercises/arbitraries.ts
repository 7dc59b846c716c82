/** Inputs of exercises on values. Smaller numbers are simpler, so that a counterexample shrinks to them. */
import { hostArray, type HostArray } from "deit/check";
import fc from "fast-check";

/** An integer as an array of no axes. */
export const integer = (min: number, max: number): fc.Arbitrary<HostArray> => fc.integer({ min, max }).map((x) => hostArray([], [x]));

/** A number with `step` between neighbours, as an array of no axes. */
export const number = (min: number, max: number, step: number): fc.Arbitrary<HostArray> =>
  fc.integer({ min: Math.round(min / step), max: Math.round(max / step) }).map((i) => hostArray([], [i * step]));

/** Numbers of 8ths from `min` to `max`. */
export const numbers = (shape: readonly number[], min: number, max: number): fc.Arbitrary<HostArray> => {
  const length = shape.reduce((n, side) => n * side, 1);
  return fc
    .array(fc.integer({ min: 8 * min, max: 8 * max }), { minLength: length, maxLength: length })
    .map((eighths) => hostArray(shape, eighths.map((x) => x / 8))); // prettier-ignore
};
