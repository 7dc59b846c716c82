/** Property-testing of any hand-written gradient: random inputs, every gradient against finite differences, a small counterexample. */
import fc from "fast-check";
import { keyOf } from "../tensor/key.ts";
import { show, type Shape } from "../tensor/tensor.ts";
import { arrayArbitrary } from "./arbitraries.ts";
import type { Arrays, Differentiable } from "./differentiable.ts";
import { drawOf } from "./draw.ts";
import type { HostArray } from "./host.ts";
import { probe, type Finding } from "./probe.ts";
import { tolerances } from "./tolerance.ts";

export interface GradientCheck<Name extends string> extends Differentiable<Name> {
  /** For messages. */
  readonly name: string;
  /** Shapes, for values of −3 … 3 that keep away from 0 and from each other; or fast-check arbitraries of arrays. */
  readonly inputs: { readonly [K in Name]: Shape | fc.Arbitrary<HostArray> };
  /** The same seed draws the same cases; default 0. */
  readonly seed?: number;
  /** Default 100. */
  readonly cases?: number;
  /** Largest error that holds, relative; default 1e-7. */
  readonly tolerance?: number;
}

export interface GradientReport {
  readonly name: string;
  readonly cases: number;
  readonly seed: number;
  /** Largest error met, and where. */
  readonly worst: number;
  readonly tolerance: number;
  readonly worstAt: Finding | null;
}

/** A gradient is off, or cannot be compared. The fields say where. */
export class GradientError extends Error {
  override readonly name = "GradientError";
  /** The comparison that failed; null if there was none: a gradient is missing, a shape wrong, an output not finite. */
  readonly finding: Finding | null;
  /** The inputs that show it, shrunk. */
  readonly inputs: Arrays;
  constructor(message: string, finding: Finding | null, inputs: Arrays, cause: unknown) {
    super(message, { cause });
    this.finding = finding;
    this.inputs = inputs;
  }
}

const DEFAULT_CASES = 100;
/** A failing case is shrunk in so many tries at most. */
const SHRINKS = 500;
/** Counterexamples of more numbers are told by their shapes. */
const SHOWN = 24;
const DIGITS = 6;

/** `x[0, 2]: the gradient is 0.5, finite differences give 0.25 (relative error 0.5)` */
function findingText({ input, index, analytic, numeric, error }: Finding): string {
  const where = index === null ? `${input} along a random direction` : `${input}${show(index)}`;
  return `${where}: the gradient is ${analytic}, finite differences give ${numeric} (relative error ${error.toPrecision(3)})`;
}

function inputsText(inputs: Arrays): string {
  const count = Object.values(inputs).reduce((sum, { data }) => sum + data.length, 0);
  const text = ([name, { shape, data }]: [string, HostArray]): string =>
    `${name} ${show(shape)}${count <= SHOWN ? ` = ${Array.from(data, (x) => Number(x.toPrecision(DIGITS))).join(" ")}` : ""}`;
  return Object.entries(inputs).map(text).join("; ");
}

/** A finding on its way through fast-check. */
class Off extends Error {
  readonly finding: Finding;
  constructor(finding: Finding) {
    super(findingText(finding));
    this.finding = finding;
  }
}

/** Inputs by name, drawn independently. */
function inputsArbitrary<Name extends string>(inputs: GradientCheck<Name>["inputs"]): fc.Arbitrary<Arrays<Name>>;
function inputsArbitrary(inputs: GradientCheck<string>["inputs"]): fc.Arbitrary<Arrays> {
  const each = Object.entries(inputs).map(
    ([name, given]) => [name, given instanceof fc.Arbitrary ? given : arrayArbitrary(given)] as const,
  );
  return fc.record(Object.fromEntries(each));
}

/**
 * Draws inputs and a cotangent, and compares each gradient with finite differences: at every coordinate of a small input, at some and along
 * a random direction of a large one.
 *
 * @throws GradientError (as a rejection) naming input, index, analytic and numeric value of a shrunk counterexample
 */
export async function checkGradient<Name extends string>(check: GradientCheck<Name>): Promise<GradientReport> {
  const { name, seed = 0, cases = DEFAULT_CASES, tolerance = tolerances.gradients.f64.bound } = check;
  if (!(Number.isInteger(cases) && cases > 0)) throw new RangeError(`${name}: cases must be a positive integer, got ${cases}`);
  const met: { worst: Finding | null; tries: number } = { worst: null, tries: 0 };
  const holds = async (inputs: Arrays<Name>, word: number): Promise<void> => {
    if (met.tries > SHRINKS) return; // enough: what is left of the shrinking finds nothing smaller
    if (met.tries > 0) met.tries++;
    try {
      const found = await probe(check, inputs, drawOf(keyOf(word)), tolerance);
      if (found !== null && !(found.error <= tolerance)) throw new Off(found);
      if (found !== null && found.error >= (met.worst?.error ?? 0)) met.worst = found;
    } catch (error) {
      met.tries ||= 1;
      throw error;
    }
  };
  const property = fc.asyncProperty(inputsArbitrary<Name>(check.inputs), fc.noShrink(fc.nat()), holds);
  const { failed, counterexample, errorInstance } = await fc.check(property, { seed, numRuns: cases });
  if (!failed) return { name, cases, seed, tolerance, worst: met.worst?.error ?? 0, worstAt: met.worst };

  const inputs = counterexample?.[0] ?? {};
  const what = errorInstance instanceof Error ? errorInstance.message : String(errorInstance);
  const finding = errorInstance instanceof Off ? errorInstance.finding : null;
  const bound = finding === null ? "" : `, tolerance ${tolerance}`;
  throw new GradientError(`${name}: ${what}${bound}; seed ${seed}, inputs: ${inputsText(inputs)}`, finding, inputs, errorInstance);
}
