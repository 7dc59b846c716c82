/** Property-testing of any hand-written gradient: random inputs, every gradient against finite differences, a small counterexample. */
import fc from "fast-check";
import { keyOf } from "../../tensor/key.ts";
import { callsOf, type Calls } from "./calls.ts";
import { finiteOutput, type Arrays } from "./differentiable.ts";
import { drawOf } from "../draw.ts";
import { Fault, type Finding } from "./fault.ts";
import { gradientError, kinkText, offText, unresolvedText } from "./error.ts";
import { checkedInputs, inputsArbitrary, nameOf, settingsOf, type GradientCheck, type Settings } from "./options.ts";
import { nonFinite, probe, those, type Probed } from "./probe.ts";
import { forwardIsLinear, pullbackIsLinear, repeat } from "./pureLaws.ts";
import { emptyTally, tallied, type Tally } from "./tally.ts";

/** What a check that holds has seen. */
export interface GradientReport {
  /** The name of the check. */
  readonly name: string;
  /** Cases that were drawn. */
  readonly cases: number;
  /** What they were drawn from: the same seed draws the same cases. */
  readonly seed: number;
  /** Largest error met, and where. */
  readonly worst: number;
  /** What the worst error was held to. */
  readonly tolerance: number;
  /** The comparison of the worst error; null if every error is 0. */
  readonly worstAt: Finding | null;
  /** Coordinates and directions that were compared. */
  readonly comparisons: number;
  /** The least exact comparison: what rounding in forward left open of it, relative. */
  readonly resolution: number;
  /** Comparisons of two sides that are 0 but for rounding: small against what forward adds up. */
  readonly zeros: number;
  /** Comparisons that rounding in forward hides, and those at a kink; neither holds nor is off. */
  readonly unresolved: number;
  /** Comparisons at a kink, where the gradient lies between the slopes of both sides. */
  readonly kinks: number;
}

/**
 * The laws of one drawn case.
 *
 * @throws Fault of the first that is off; kinks and what is not resolved are left to the tally
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
  await repeat(calls, base, y, grads); // a function that changes its mind has no gradient to be right or wrong
  if (probed.off !== null)
    throw new Fault(bad === null ? "gradient" : "non-finite", offText(probed.off, tolerance), { finding: probed.off });
  await pullbackIsLinear(calls, base, draw);
  await forwardIsLinear(calls, base, linear, draw);
  return probed;
}

/** A kink, which a second run throws if no case had anything worse. */
function kinkOf({ judged }: Probed): Fault | null {
  const [kink] = those(judged, "kink", "jump");
  return kink === undefined ? null : new Fault("kink", kinkText(kink, those(judged, "jump").includes(kink)), { finding: kink });
}

/** A shrunk case shows the same fault if it is of the same kind, and not so much smaller that it might be rounding of a case that has become extreme. */
const isLike = (first: Fault, shrunk: Fault): boolean =>
  shrunk.kind === first.kind && (first.finding === null || (shrunk.finding?.error ?? 0) >= SHRUNK * first.finding.error);

const SHRUNK = 0.1;
/** A failing case is shrunk in so many tries at most. */
const SHRINKS = 500;

/** What a check consists of. */
interface Prepared {
  readonly settings: Settings;
  readonly calls: Calls;
  readonly arbitrary: fc.Arbitrary<unknown>;
}

/** Runs the cases. @returns the tally of all, @throws GradientError of the first that fails, shrunk to the smallest with a fault of the same kind */
async function run({ settings, calls, arbitrary }: Prepared, throwKinks: boolean): Promise<Tally> {
  const { name, seed, cases, path } = settings;
  const met: { tries: number; tally: Tally; first: Fault | null; last: Fault | null } = {
    tries: 0,
    tally: emptyTally,
    first: null,
    last: null,
  };
  const holds = async (drawn: unknown, word: number): Promise<void> => {
    if (met.tries > SHRINKS) return; // enough: what is left of the shrinking finds nothing smaller
    if (met.first !== null) met.tries++;
    try {
      const probed = await lawsOfCase(calls, checkedInputs(drawn, settings), word, settings);
      const kink = throwKinks ? kinkOf(probed) : null;
      if (kink !== null) throw kink;
      if (met.first === null) met.tally = tallied(met.tally, probed.judged);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      met.first ??= error;
      if (!isLike(met.first, error)) return; // shrunk into another fault
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
 * Draws inputs and a cotangent, and holds the functions to their laws: the gradient of every input is that of finite differences (at every
 * coordinate of a small input, along directions in all parts of a large one), vjp is linear in dOut, equal calls give equal bits, no argument changes.
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
