/**
 * What rounding costs one result: the same computed twice by the reference engine's loops, in f64 and with every number rounded to f32. Where terms
 * cancel — p − q of a confident model, a layer norm of nearly equal numbers — that is more than the tolerance table allows, and nobody's error.
 *
 * A difference of two numbers may also round to the right value by chance, so it is measured for the recorded numbers and for others close by.
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
import { computeTensors, isTiny } from "./steps/run.ts";
import { under } from "./steps/under.ts";

/** The unit roundoff, as a multiple of that of f32. */
const UNIT: { readonly [P in Precision]: number } = { f16: 2 ** 13, f32: 1, f64: 2 ** -29 };

/** One program's rounding may be so many times another's. */
const SEVERAL = 16;

/** Measurements of one step, or of a tiny network; of another network one. */
const TIMES = 4;

/** How far the others are from the recorded numbers, as a share of each: they cancel as much, and round otherwise. */
const CLOSE = 2 ** -10;

/** Numbers close by; another set for each seed. */
function closeTo({ shape, data }: HostArray, seed: number): HostArray {
  const { data: drawn } = hashed("images", shape, seed); // in (−2, 2)
  return { shape, data: data.map((x, i) => x * (1 + CLOSE * (drawn[i] ?? 0))) };
}

/** What is no choice of classes or branches. */
const isContinuous = (name: string): boolean => !/^(labels|distribution|teacher|dropPath)/.test(name);

function arraysCloseTo(arrays: Arrays, seed: number): Arrays {
  const get = (name: string): HostArray | undefined => {
    const array = arrays.get(name);
    return array === undefined || !isContinuous(name) ? array : closeTo(array, seed);
  };
  return { size: arrays.size, has: (name) => arrays.has(name), keys: () => arrays.keys(), get };
}

/** The recording itself, and others close by. */
const measuredOn = (recording: Recording): readonly Recording[] =>
  Array.from({ length: TIMES }, (_, seed) =>
    seed === 0 ? recording : { ...recording, given: arraysCloseTo(recording.given, seed), results: arraysCloseTo(recording.results, seed) },
  );

function differenceOf(rounded: HostArray, exact: HostArray): number {
  const { error, scale } = compare(rounded, exact);
  return error * (scale || 1);
}

/** Largest difference that rounding makes in a result, in the tensor's own unit. */
export function roundingOf(recording: Recording, hypothesis: Hypothesis): (name: string, precision: Precision) => Promise<number> {
  const both = measuredOn(recording).map(
    (each) => [under(referenceEngine(), each, hypothesis), under(roundedEngine(), each, hypothesis)] as const,
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

/** A tolerance that allows what rounding costs a tensor of this scale, if that is more. */
export function allowing(tolerance: Bound, cost: number, scale: number): Bound {
  const bound = (SEVERAL * cost) / (scale || 1);
  return bound > tolerance.bound ? { bound, reason: `${SEVERAL} times the measured rounding` } : tolerance;
}

/** The same of results that are all computed from the images on, whatever is recorded before them. */
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
