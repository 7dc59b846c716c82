/**
 * Measures the rounding error of one result: the reference engine computes it twice, in f64 and with every number rounded to f32. Where terms cancel
 * (p − q of a confident model, a layer norm of nearly equal numbers) that error exceeds the tolerance table, and nobody made a mistake.
 *
 * A difference of two numbers may also round to the right value by chance. So the error is measured at the recorded numbers and at others close to them.
 */
import { compare } from "../check/close.ts";
import type { HostArray } from "../check/host.ts";
import { referenceEngine, roundedEngine } from "../engines/reference/engine.ts";
import type { Bound } from "../check/tolerance.ts";
import type { Precision } from "../kernels/engine.ts";
import { deitLogits } from "../model/deit.ts";
import { hashed } from "./format/hash.ts";
import type { Hypothesis } from "./steps/hypothesis.ts";
import type { Arrays, Recording } from "./format/read.ts";
import { computeTensors, isTiny } from "./steps/compute.ts";
import { predict } from "./steps/prediction.ts";

/** The unit roundoff of each precision, as a multiple of that of f32. */
const UNIT: { readonly [P in Precision]: number } = { f16: 2 ** 13, f32: 1, f64: 2 ** -29 };

/** How many times the rounding error of one program that of another may be. */
const SEVERAL = 16;

/** How often a single step, or a tiny network, is measured; a larger network is measured once. */
const TIMES = 4;

/** How far the other numbers are from the recorded ones, as a share of each: their terms cancel as much, and round differently. */
const CLOSE = 2 ** -10;

/** Numbers close to these; each seed gives another set. */
function closeTo({ shape, data }: HostArray, seed: number): HostArray {
  const { data: drawn } = hashed("images", shape, seed); // in (−2, 2)
  return { shape, data: data.map((x, i) => x * (1 + CLOSE * (drawn[i] ?? 0))) };
}

/** Whether numbers close to these mean nearly the same; false for choices of classes and of branches. */
const isContinuous = (name: string): boolean => !/^(labels|distribution|teacher|dropPath)/.test(name);

function arraysCloseTo(arrays: Arrays, seed: number): Arrays {
  const get = (name: string): HostArray | undefined => {
    const array = arrays.get(name);
    return array === undefined || !isContinuous(name) ? array : closeTo(array, seed);
  };
  return { size: arrays.size, has: (name) => arrays.has(name), keys: () => arrays.keys(), get };
}

/** The recording itself, and others with numbers close to its own. */
const measuredOn = (recording: Recording): readonly Recording[] =>
  Array.from({ length: TIMES }, (_, seed) =>
    seed === 0 ? recording : { ...recording, given: arraysCloseTo(recording.given, seed), results: arraysCloseTo(recording.results, seed) },
  );

function differenceOf(rounded: HostArray, exact: HostArray): number {
  const { error, scale } = compare(rounded, exact);
  return error * (scale || 1);
}

/** The largest rounding error of a result under a hypothesis, in the tensor's own unit. */
export function roundingOf(recording: Recording, hypothesis: Hypothesis): (name: string, precision: Precision) => Promise<number> {
  const both = measuredOn(recording).map(
    (each) => [predict(referenceEngine(), each, hypothesis), predict(roundedEngine(), each, hypothesis)] as const,
  );
  return async (name, precision) => {
    let most = 0;
    for (const [i, [exact, rounded]] of both.entries()) {
      if (i > 0 && !isTiny(recording) && !exact.originOf(name).local) break;
      most = Math.max(most, differenceOf(await rounded.value(name), await exact.value(name)));
    }
    return UNIT[precision] * most;
  };
}

/** The tolerance of a tensor of this scale, raised to a multiple of its measured rounding error if that is larger. */
export function allowing(tolerance: Bound, cost: number, scale: number): Bound {
  const bound = (SEVERAL * cost) / (scale || 1);
  return bound > tolerance.bound ? { bound, reason: `${SEVERAL} times the measured rounding` } : tolerance;
}

/** `roundingOf` for results of the right network that are all computed from the images on, whatever is recorded before them. */
export async function roundingEndToEnd(
  recording: Recording,
  names: ReadonlySet<string>,
): Promise<(name: string, precision: Precision) => number> {
  const most = new Map<string, number>();
  for (const each of measuredOn(recording).slice(0, isTiny(recording) ? TIMES : 1)) {
    const exact = await computeTensors(referenceEngine(), each, names, deitLogits);
    const rounded = await computeTensors(roundedEngine(), each, names, deitLogits);
    for (const [name, array] of exact) {
      const other = rounded.get(name);
      if (other !== undefined) most.set(name, Math.max(most.get(name) ?? 0, differenceOf(other, array)));
    }
  }
  return (name, precision) => UNIT[precision] * (most.get(name) ?? 0);
}
