/** Property-based tests of any hand-written gradient: random inputs, every gradient against finite differences, a small counterexample. */
import fc from "fast-check";
import { keyOf } from "../../tensor/key.ts";
import { callsOf, type Calls } from "./calls.ts";
import { finiteOutput, type Arrays } from "./differentiable.ts";
import { drawOf } from "../draw.ts";
import { Fault, type Finding } from "./fault.ts";
import { gradientError, kinkText, offText, unresolvedText } from "./error.ts";
import { checkedInputs, inputsArbitrary, nameOf, settingsOf, type GradientCheck, type Settings } from "./options.ts";
import { nonFinite, probe, findingsWith, type Probed } from "./probe.ts";
import { forwardIsLinear, vjpIsLinear, repeat } from "./pureLaws.ts";
import { emptyTally, tallied, type Tally } from "./tally.ts";

/** The report of a check that has passed. */
export interface GradientReport {
  /** The name of the check. */
  readonly name: string;
  /** Number of cases that were drawn. */
  readonly cases: number;
  /** The seed from which they were drawn: the same seed draws the same cases. */
  readonly seed: number;
  /** The largest error. */
  readonly worst: number;
  /** The largest error that the check allows. */
  readonly tolerance: number;
  /** The comparison of the worst error; null if every error is 0. */
  readonly worstAt: Finding | null;
  /** Number of comparisons, one for each coordinate or direction. */
  readonly comparisons: number;
  /** The largest relative uncertainty of a comparison, by rounding in forward. */
  readonly resolution: number;
  /** Number of comparisons in which both sides are 0 up to rounding: small against the terms that forward adds up. */
  readonly zeros: number;
  /** Number of comparisons that rounding in forward hides; they neither hold nor fail. */
  readonly unresolved: number;
  /** Number of comparisons at a kink, where the gradient lies between the slopes from both sides. */
  readonly kinks: number;
}

/**
 * The laws of one drawn case.
 *
 * @throws Fault of the first law that fails; kinks and unresolved comparisons go to the tally
 */
async function lawsOfCase(calls: Calls, inputs: Arrays, word: number, { constants, linear, tolerance }: Settings): Promise<Probed> {
  const draw = drawOf(keyOf(word));
  const y = await calls.forward(inputs);
  finiteOutput(y.value);
  const dOut = draw.array(y.value.shape);
  const grads = await calls.vjp(inputs, dOut);
  const base = { inputs, y: y.value, dOut, gradients: grads.value };
  const bad = await nonFinite(calls, base, constants, draw, tolerance);
  const probed = bad === null ? await probe(calls, base, constants, draw, tolerance) : { judged: [], off: bad };
  await repeat(calls, base, y, grads); // before any comparison is reported: only a pure function has a gradient
  if (probed.off !== null)
    throw new Fault(bad === null ? "gradient" : "non-finite", offText(probed.off, tolerance), { finding: probed.off });
  await vjpIsLinear(calls, base, draw);
  await forwardIsLinear(calls, base, linear, draw);
  return probed;
}

/** The fault of a case's first kink. A second run throws it, if no case has a worse fault. */
function kinkOf({ judged }: Probed): Fault | null {
  const [kink] = findingsWith(judged, "kink", "jump");
  return kink === undefined ? null : new Fault("kink", kinkText(kink, findingsWith(judged, "jump").includes(kink)), { finding: kink });
}

/** Whether a shrunk case shows the same fault: one of the same kind, whose error is not so small that it might be rounding in an extreme case. */
const isLike = (first: Fault, shrunk: Fault): boolean =>
  shrunk.kind === first.kind && (first.finding === null || (shrunk.finding?.error ?? 0) >= SHRUNK * first.finding.error);

const SHRUNK = 0.1;
/** The most tries to shrink a failing case. */
const SHRINKS = 500;

/** A check, prepared to run. */
interface Prepared {
  readonly settings: Settings;
  readonly calls: Calls;
  readonly arbitrary: fc.Arbitrary<unknown>;
}

/** Runs the cases. @returns the tally of all cases, @throws GradientError for the first that fails, shrunk to the smallest with a fault of the same kind */
async function run({ settings, calls, arbitrary }: Prepared, throwKinks: boolean): Promise<Tally> {
  const { name, seed, cases, path } = settings;
  const met: { tries: number; tally: Tally; first: Fault | null; last: Fault | null } = {
    tries: 0,
    tally: emptyTally,
    first: null,
    last: null,
  };
  const holds = async (drawn: unknown, word: number): Promise<void> => {
    if (met.tries > SHRINKS) return; // ends the shrinking: no further case fails
    if (met.first !== null) met.tries++;
    try {
      const probed = await lawsOfCase(calls, checkedInputs(drawn, settings), word, settings);
      const kink = throwKinks ? kinkOf(probed) : null;
      if (kink !== null) throw kink;
      if (met.first === null) met.tally = tallied(met.tally, probed.judged);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      met.first ??= error;
      if (!isLike(met.first, error)) return; // the shrunk case has another fault
      met.last = error;
      throw error;
    }
  };
  const property = fc.asyncProperty(arbitrary, fc.noShrink(fc.nat()), holds);
  const { failed, counterexample, counterexamplePath, errorInstance } = await fc.check(property, {
    seed,
    numRuns: cases,
    ...(path === null ? {} : { path }),
  });
  if (!failed) return met.tally;
  if (met.last === null) throw errorInstance;
  const inputs = met.last.kind === "options" ? {} : checkedInputs(counterexample?.[0], settings);
  throw gradientError(name, met.last, inputs, { seed, path: counterexamplePath });
}

/** @throws GradientError of kind options */
function prepared<Name extends string, Constant extends Name>(check: GradientCheck<Name, Constant>): Prepared {
  try {
    const settings = settingsOf(check);
    return { settings, calls: callsOf(check, settings.constants), arbitrary: inputsArbitrary(check.inputs) };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    throw gradientError(nameOf(check), error, {}, { seed: NaN, path: null });
  }
}

/**
 * Draws inputs and a cotangent, and checks the laws: the gradient of every input is that of finite differences (at every coordinate of a small
 * input, along directions in all parts of a large one), vjp is linear in dOut, equal calls return bitwise identical results, and no argument
 * changes.
 *
 * @throws GradientError (as a rejection) naming input, index, analytic and numeric value of a shrunk counterexample; its `kind` says what is wrong
 */
export async function checkGradient<Name extends string, Constant extends Name = never>(
  check: GradientCheck<Name, Constant>,
): Promise<GradientReport> {
  const all = prepared(check);
  const { name, seed, cases, tolerance, countKinks } = all.settings;
  const { hidden, ...report } = await run(all, false);
  for (const { finding, count, of } of hidden.values())
    if (finding !== null && count > of / 2)
      throw gradientError(name, new Fault("unresolved", unresolvedText(finding, count, of), { finding }), {}, { seed, path: null });
  if (report.kinks > 0 && !countKinks) await run(all, true);
  return { name, cases, seed, tolerance, ...report, unresolved: [...hidden.values()].reduce((sum, { count }) => sum + count, 0) };
}
