/** Which recorded tensors are right under a hypothesis; going from one hypothesis to the next, only what may differ is judged again. */
import type { Precision } from "../../kernels/engine.ts";
import { judge } from "../judge.ts";
import type { Recording } from "../format/read.ts";
import type { Reading } from "../steps/readings.ts";
import { allowing, roundingOf } from "../rounding.ts";
import { isTiny } from "../steps/compute.ts";
import type { Prediction } from "../steps/prediction.ts";

/** One recorded tensor under a hypothesis. */
export interface TensorStatus {
  /** Whether it is within its tolerance. */
  readonly ok: boolean;
  /** Whether it was judged from the recording's own values. */
  readonly local: boolean;
}

/** The predictions of a hypothesis, and the status of each recorded tensor under it, in the order of the computation. */
export interface State {
  readonly prediction: Prediction;
  readonly statuses: ReadonlyMap<string, TensorStatus>;
}

/** Rounding is measured for errors up to this many times the tolerance; a larger error has another cause. */
const MEASURED = 30;

/** How far a recorded tensor is from a prediction. */
export interface Match {
  /** The largest difference, as a share of the tensor's scale. */
  readonly error: number;
  readonly ok: boolean;
}

/** Compares a recorded tensor with a prediction, with the tolerance of this precision. */
export async function match(recording: Recording, { originOf, value }: Prediction, name: string, precision: Precision): Promise<Match> {
  const { error, tolerance } = judge(recording, name, await value(name), precision, originOf(name));
  return { error, ok: error <= tolerance.bound };
}

/** Whether a tensor agrees with a prediction, allowing for the measured rounding error. */
async function isRight(
  recording: Recording,
  { hypothesis, originOf, value }: Prediction,
  name: string,
  precision: Precision,
): Promise<boolean> {
  const { error, tolerance, scale, coarsest } = judge(recording, name, await value(name), precision, originOf(name));
  if (error <= tolerance.bound) return true;
  if (coarsest === "f64" || !(error <= MEASURED * tolerance.bound)) return false;
  const roundingError = await roundingOf(recording, hypothesis)(name, coarsest);
  return error <= allowing(tolerance, roundingError, scale).bound;
}

/** Whether the same steps compute both. */
const sameSteps = (a: Reading | undefined, b: Reading | undefined): boolean =>
  a !== undefined && b !== undefined && a.steps.length === b.steps.length && a.steps.every((step, i) => step === b.steps[i]);

/** Whether a tensor must be judged again under the next hypothesis. What is computed from the images on is judged again for tiny networks only. */
function mayDiffer(recording: Recording, before: Prediction, next: Prediction, name: string): boolean {
  const { local } = next.originOf(name);
  const isUpdatedWeight = !next.readings.has(name);
  const sameRule = before.hypothesis.rule === next.hypothesis.rule;
  if (isUpdatedWeight && !sameRule) return true;
  if (local) return !isUpdatedWeight && !sameSteps(before.readings.get(name), next.readings.get(name));
  return isTiny(recording) && before.hypothesis.steps !== next.hypothesis.steps;
}

/**
 * The state under the next hypothesis; null: a tensor that was right no longer is, so the hypothesis contradicts the recording.
 *
 * @param precision that of the engine that verifies
 */
export async function stateUnder(
  recording: Recording,
  { prediction: before, statuses }: State,
  next: Prediction,
  precision: Precision,
): Promise<State | null> {
  const after = new Map<string, TensorStatus>();
  for (const [name, old] of statuses) {
    if (!mayDiffer(recording, before, next, name)) {
      after.set(name, old);
      continue;
    }
    const ok = await isRight(recording, next, name, precision);
    if (old.ok && !ok) return null;
    after.set(name, { ok, local: next.originOf(name).local });
  }
  return { prediction: next, statuses: after };
}

/** Names of the tensors that are wrong locally, in order. */
export const wrongLocally = ({ statuses }: State): readonly string[] =>
  [...statuses].flatMap(([name, { ok, local }]) => (local && !ok ? [name] : []));

/** Names of the tensors that are wrong, in order. */
export const wrongNames = ({ statuses }: State): readonly string[] => [...statuses].flatMap(([name, { ok }]) => (ok ? [] : [name]));
