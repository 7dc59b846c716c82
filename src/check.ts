/**
 * Entry point `deit/check`: property-based tests of gradients.
 *
 *   checkGradient      any function of arrays with a hand-written gradient
 *   opArbitrary        random calls of an op of this project, for your own properties
 *   lawsOf             the laws that every op must obey, as functions to run; `subjectOf` makes them available for an op of your own
 */
import type { Arbitrary } from "fast-check";
import { trialArbitrary, type DrawnTrial } from "./check/arbitraries.ts";
import { lawsOfSubject, type NamedLaw } from "./check/laws/lawRuns.ts";
import type { Subject } from "./check/laws/subject.ts";
import type { Precision } from "./kernels/engine.ts";
import { referenceEngine } from "./engines/reference/engine.ts";
import { allSubjects } from "./laws/cases/subjects.ts";

export { arrayArbitrary, arraysArbitrary, type DrawnTrial } from "./check/arbitraries.ts";
export { compare, describe, gap, gapOfLeaves, indexOf, ulps, type Comparison } from "./check/close.ts";
export { type Arrays, type Differentiable } from "./check/gradient/differentiable.ts";
export { drawOf, type Draw } from "./check/draw.ts";
export { type Engines } from "./check/engines.ts";
export { type FaultKind, type Finding } from "./check/gradient/fault.ts";
export { checkGradient, type GradientReport } from "./check/gradient/gradient.ts";
export { GradientError } from "./check/gradient/error.ts";
export { type GradientCheck, type InputsByName } from "./check/gradient/options.ts";
export { evaluate, evaluateOne, hostArray, upload, type Host, type HostArray, type Leaves } from "./check/host.ts";
export { type LawOptions, type LawReport, type NamedLaw } from "./check/laws/lawRuns.ts";
export { laws, worstLaw, type Law } from "./check/laws/laws.ts";
export { runRow, type Row, type RowReport, type RunOptions } from "./check/laws/row.ts";
export { derivative, STEP } from "./check/stencil.ts";
export { subjectOf, type CotangentOf, type DrawnCall, type Subject, type Trial } from "./check/laws/subject.ts";
export { referenceBounds, tolerances, type Bound, type Tolerance, type ToleranceName } from "./check/tolerance.ts";

/** An op, or a subject: an op with a generator of random calls. */
export type OpOrSubject =
  | {
      /** The op's name, with which messages begin; `op/NAME` is its row of `deit check`. */
      readonly name: string;
      /** The op's VJP. */
      readonly vjp: (...args: never[]) => unknown;
    }
  | Subject;

/** @throws RangeError for an op that is not of this project */
function subjectFor(of: OpOrSubject): Subject {
  if ("trial" in of) return of;
  const subject = allSubjects.find(({ op }) => op === of);
  if (subject === undefined)
    throw new RangeError(`${of.name}: no generator of random calls is known; pass subjectOf(op, draw => call) instead of the op`);
  return subject;
}

/**
 * Random calls of an op, for an engine of this precision; they shrink to small sizes.
 *
 * @throws RangeError for an op that this project does not have; give a subject instead
 */
export const opArbitrary = (of: OpOrSubject, precision: Precision = "f64"): Arbitrary<DrawnTrial> =>
  trialArbitrary(subjectFor(of), precision);

/**
 * The laws of an op: `for (const law of lawsOf(layerNorm)) test(law.name, () => law.run())`.
 *
 * @throws RangeError for an op that this project does not have; give a subject instead
 */
export const lawsOf = (of: OpOrSubject): readonly NamedLaw[] => lawsOfSubject(subjectFor(of), referenceEngine);
