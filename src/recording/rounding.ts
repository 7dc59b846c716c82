/**
 * What rounding costs one result: the same computed twice by the reference engine's loops, in f64 and with every number rounded to f32. Where terms
 * cancel — p − q of a confident model, a layer norm of nearly equal numbers — that is more than the tolerance table allows, and nobody's error.
 */
import { compare } from "../check/close.ts";
import { referenceEngine, roundedEngine } from "../engines/reference/engine.ts";
import type { Precision } from "../kernels/engine.ts";
import { rightValues } from "./right.ts";
import type { Recording } from "./read.ts";

/** The unit roundoff, as a multiple of that of f32. */
const UNIT: { readonly [P in Precision]: number } = { f32: 1, f64: 2 ** -29 };

/** Largest difference that rounding makes in a result, in the tensor's own unit. */
export function roundingOf(recording: Recording): (name: string, precision: Precision) => Promise<number> {
  const [exact, rounded] = [rightValues(referenceEngine(), recording), rightValues(roundedEngine(), recording)];
  return async (name, precision) => {
    const { error, scale } = compare(await rounded(name), await exact(name));
    return UNIT[precision] * error * (scale || 1);
  };
}
