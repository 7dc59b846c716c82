/** Exercises on functions that have no gradient: the values of the reader's function against the library's, on random inputs. */
import { describe, gap, type Arrays, type HostArray } from "deit/check";
import fc from "fast-check";
import type { Judgement } from "./exercise.ts";

/** An exercise on the values of a function. */
export interface ValueExercise {
  /** `CHAPTER/NAME`; the reader starts from `exercises/CHAPTER/NAME.js`. */
  readonly id: string;
  /** The reader writes `forward(inputs)`. */
  readonly kind: "values";
  /** The inputs by name. */
  readonly inputs: Readonly<Record<string, fc.Arbitrary<HostArray>>>;
  /** The right function. */
  readonly right: (inputs: Arrays) => HostArray | Promise<HostArray>;
}

const CASES = 100;
/** The largest error of a value, relative to the largest of its array. */
const TOLERANCE = 1e-9;

const isArray = (value: unknown): boolean => typeof value === "object" && value !== null && "shape" in value && "data" in value;

const shown = (inputs: Arrays): string =>
  Object.entries(inputs)
    .map(([name, { shape, data }]) => `${name} = ${shape.length === 0 ? data[0] : `[${data.join(", ")}]`}`)
    .join("; ");

/** Judges the reader's function, with the smallest counterexample that was found. */
export async function judgedValues({ inputs, right }: ValueExercise, forward: (inputs: Arrays) => HostArray): Promise<Judgement> {
  const holds = async (drawn: Arrays): Promise<void> => {
    const yours = forward(drawn);
    if (!isArray(yours)) throw new Error("the function must return { shape, data }");
    const mine = await right(drawn);
    if (gap(yours, mine) > TOLERANCE) throw new Error(describe("the result", yours, mine, 0));
  };
  const { failed, counterexample, errorInstance } = await fc.check(fc.asyncProperty(fc.record(inputs), holds), { seed: 0, numRuns: CASES });
  if (!failed) return { right: true, cases: CASES };
  const why = errorInstance instanceof Error ? errorInstance.message : String(errorInstance);
  return { right: false, why: `${why}\nfor ${shown(counterexample?.[0] ?? {})}` };
}
