/** The laws of one op as functions that a test, or any other code, can call. */
import fc from "fast-check";
import type { Engine } from "../../kernels/engine.ts";
import { trialArbitrary } from "../arbitraries.ts";
import { laws, type Law } from "./laws.ts";
import type { Subject } from "./subject.ts";

/** Which random calls a law is tried on, how many, and on which engine. */
export interface LawOptions {
  /** The same seed draws the same calls; default 0. */
  readonly seed?: number;
  /** Number of calls; default 100. */
  readonly cases?: number;
  /** The path that an error names: the run starts at that call. */
  readonly path?: string;
  /** The engine under test; default: a new reference engine. */
  readonly engine?: Engine;
}

/** The report of a law that holds. */
export interface LawReport {
  /** The name of the law. */
  readonly law: string;
  /** Number of calls that were drawn. */
  readonly cases: number;
  /** The largest error. */
  readonly worst: number;
  /** The largest error allowed. */
  readonly tolerance: number;
}

/** A law of one op, to run: `for (const law of lawsOf(layerNorm)) test(law.name, () => law.run())`. */
export interface NamedLaw {
  /** `shapes`, `value`, `gradients` and so on. */
  readonly name: string;
  /** The law in a sentence. */
  readonly says: string;
  /** @throws Error (as a rejection) naming op, law, error and a shrunk call that shows it, with seed and path; RangeError if `cases` is not a positive integer */
  readonly run: (options?: LawOptions) => Promise<LawReport>;
}

const DEFAULT_CASES = 100;

function namedLaw(subject: Subject, law: Law, makeReference: () => Engine): NamedLaw {
  const { name, says, tolerance } = law;
  const run = async ({ seed = 0, cases = DEFAULT_CASES, path, engine = makeReference() }: LawOptions = {}): Promise<LawReport> => {
    if (!(Number.isSafeInteger(cases) && cases > 0))
      throw new RangeError(`${subject.name}: cases must be a positive integer, got ${cases}`);
    const [{ bound }, reference] = [tolerance[engine.precision], engine.precision === "f64" ? engine : makeReference()];
    let worst = 0;
    const property = fc.asyncProperty(trialArbitrary(subject, engine.precision), async ({ trial, draw }) => {
      const error = await law.error(engine, trial, draw, reference);
      if (!(error <= bound)) throw new Error(`error ${error.toPrecision(3)}, tolerance ${bound}`);
      worst = Math.max(worst, error);
    });
    const parameters = { seed, numRuns: cases, ...(path === undefined ? {} : { path }) };
    const { failed, counterexample, counterexamplePath, errorInstance } = await fc.check(property, parameters);
    if (!failed) return { law: name, cases, worst, tolerance: bound };
    const what = errorInstance instanceof Error ? errorInstance.message : String(errorInstance);
    const replay = `seed ${seed}, path ${JSON.stringify(counterexamplePath)}, call ${fc.stringify(counterexample?.[0])}`;
    throw new Error(`${subject.name}: law ${name} (${says}) does not hold: ${what}; ${replay}`, { cause: errorInstance });
  };
  return { name, says, run };
}

/** Every law that an op must obey. */
export const lawsOfSubject = (subject: Subject, makeReference: () => Engine): readonly NamedLaw[] =>
  laws.map((law) => namedLaw(subject, law, makeReference));
