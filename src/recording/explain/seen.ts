/** How the recorded tensors look under one hypothesis after another: which are right, judged again only where the hypotheses differ. */
import type { Precision } from "../../kernels/engine.ts";
import { judge } from "../judge.ts";
import type { Recording } from "../format/read.ts";
import type { Reading } from "../steps/readings.ts";
import { allowing, roundingOf } from "../rounding.ts";
import { isTiny } from "../steps/run.ts";
import type { Under } from "../steps/under.ts";

/** One recorded tensor under a hypothesis. */
export interface Seen {
  readonly ok: boolean;
  /** From the recording's own values. */
  readonly local: boolean;
}

/** A hypothesis, and the recorded tensors under it, in the order of the computation. */
export interface State {
  readonly under: Under;
  readonly seen: ReadonlyMap<string, Seen>;
}

/** Rounding is measured for errors up to so many times the tolerance: what is beyond is another formula. */
const MEASURED = 30;

export interface Match {
  /** As a share of the tensor's scale. */
  readonly error: number;
  readonly ok: boolean;
}

/** How a recorded tensor compares with what a hypothesis makes, to the tolerance of this precision. */
export async function match(recording: Recording, { originOf, value }: Under, name: string, precision: Precision): Promise<Match> {
  const { error, tolerance } = judge(recording, name, await value(name), precision, originOf(name));
  return { error, ok: error <= tolerance.bound };
}

/** Whether a tensor is right under a hypothesis, with what rounding costs allowed. */
async function isRight(recording: Recording, { hypothesis, originOf, value }: Under, name: string, precision: Precision): Promise<boolean> {
  const { error, tolerance, scale, coarsest } = judge(recording, name, await value(name), precision, originOf(name));
  if (error <= tolerance.bound) return true;
  if (coarsest === "f64" || !(error <= MEASURED * tolerance.bound)) return false;
  const cost = await roundingOf(recording, hypothesis)(name, coarsest);
  return error <= allowing(tolerance, cost, scale).bound;
}

/** Whether both are made by the same steps. */
const sameSteps = (a: Reading | undefined, b: Reading | undefined): boolean =>
  a !== undefined && b !== undefined && a.steps.length === b.steps.length && a.steps.every((step, i) => step === b.steps[i]);

/** Whether a tensor must be judged again under the next hypothesis. From the images on that is done for tiny networks only. */
function mayDiffer(recording: Recording, before: Under, next: Under, name: string): boolean {
  const { local } = next.originOf(name);
  const isLater = !next.readings.has(name);
  const sameRule = before.hypothesis.rule === next.hypothesis.rule;
  if (isLater && !sameRule) return true;
  if (local) return !isLater && !sameSteps(before.readings.get(name), next.readings.get(name));
  return isTiny(recording) && before.hypothesis.steps !== next.hypothesis.steps;
}

/**
 * The recorded tensors under the next hypothesis; null if one that was right no longer is: then the hypothesis contradicts the recording.
 *
 * @param precision of the engine that verifies
 */
export async function seenUnder(
  recording: Recording,
  { under: before, seen }: State,
  next: Under,
  precision: Precision,
): Promise<State | null> {
  const after = new Map<string, Seen>();
  for (const [name, old] of seen) {
    if (!mayDiffer(recording, before, next, name)) {
      after.set(name, old);
      continue;
    }
    const ok = await isRight(recording, next, name, precision);
    if (old.ok && !ok) return null;
    after.set(name, { ok, local: next.originOf(name).local });
  }
  return { under: next, seen: after };
}

/** Names that are wrong by their own inputs, in order. */
export const wrongLocally = ({ seen }: State): readonly string[] =>
  [...seen].flatMap(([name, { ok, local }]) => (local && !ok ? [name] : []));

/** Names that are wrong, in order. */
export const wrongNames = ({ seen }: State): readonly string[] => [...seen].flatMap(([name, { ok }]) => (ok ? [] : [name]));
