/**
 * Verification: every tensor of a recording beside the right one, and the first that is wrong (recording format, section 5).
 *
 *   local        made from the recording's own values of what its step reads, where they are there: right although an earlier step is wrong
 *   end to end   else made from the images on
 */
import type { HostArray } from "../check/host.ts";
import type { Engine } from "../kernels/engine.ts";
import { deitLogits } from "../model/deit.ts";
import { indexOf } from "../check/close.ts";
import { explain } from "./explain/explain.ts";
import type { Findings, Limits, StepExplanation } from "./explain/explained.ts";
import { RecordingError } from "./format/fields.ts";
import { rightHypothesis } from "./steps/hypothesis.ts";
import { judge, type Judgement } from "./judge.ts";
import { startsOf, weightsAfter } from "./steps/later.ts";
import { localRun } from "./steps/local.ts";
import type { Recording } from "./format/read.ts";
import { isLocal, laterNames, laterOrigin, originOf, passReadings, type Origin, type Reading } from "./steps/readings.ts";
import { allowing, roundingOf } from "./rounding.ts";
import { computeTensors, isQuick, isTiny } from "./steps/run.ts";
import { recordedValues } from "./steps/under.ts";

/** One tensor's verdict. */
export interface Verdict extends Judgement {
  /** The tensor's name in the file: `taps/blocks.0.mid`. */
  readonly name: string;
  /** Made from the recording's own values; else from the images on. */
  readonly local: boolean;
  /** Whether the error is within the tolerance. */
  readonly ok: boolean;
  /** Indices of the worst element, an axis each. */
  readonly worstIndex: readonly number[];
}

/** What came of a recording. */
export interface Verification {
  /** The name of the engine that computed the right values. */
  readonly engine: string;
  /** Whether every tensor holds. */
  readonly match: boolean;
  /** In the order of the computation. */
  readonly tensors: readonly Verdict[];
  /** The first that is wrong. */
  readonly first: Verdict | null;
  /** Of the first; null where nothing is wrong. */
  readonly findings: Findings | null;
  /** Every step that is wrong by its own inputs, in the order of the computation. */
  readonly explanations: readonly StepExplanation[];
}

const UNLIMITED: Limits = { expired: () => false, trying: () => undefined, scout: null };

/** Called with each tensor when it has been looked at. */
export type Progress = (verdict: Verdict) => void;

/** A recorded tensor beside the right one, which was computed on this engine. */
export function verdictOf(recording: Recording, name: string, right: HostArray, engine: Engine, origin: Origin): Verdict {
  const judgement = judge(recording, name, right, engine.precision, origin);
  const ok = judgement.error <= judgement.tolerance.bound;
  return { ...judgement, name, local: origin.local, ok, worstIndex: indexOf(right.shape, judgement.worst) };
}

/** A larger error of a network that is not tiny is hardly rounding. */
export const LARGE = 1e-2;

/** So many wrong steps of a network that is not tiny are asked about; more are wrong for another reason. */
const ASKED = 8;

/** Whether to ask what rounding costs, which takes the reference engine some runs of the step, or from the images on. */
function mayBeRounding({ ok, error, local }: Verdict, recording: Recording, wrong: number): boolean {
  if (ok) return false;
  return isTiny(recording) || (error < LARGE && (local ? wrong < ASKED : isQuick(recording) && wrong === 0));
}

/** The same, with what rounding costs allowed. */
export function withRounding(verdict: Verdict, cost: number): Verdict {
  const tolerance = allowing(verdict.tolerance, cost, verdict.scale);
  return { ...verdict, tolerance, ok: verdict.error <= tolerance.bound };
}

/** Looks at one result: its name, the right value, and what that was made from. */
type Look = (name: string, right: HostArray, origin: Origin) => Promise<void>;

async function lookAtPass(engine: Engine, recording: Recording, readings: readonly Reading[], look: Look): Promise<void> {
  const far = new Set(readings.filter((reading) => !isLocal(reading, recording)).map(({ name }) => name));
  const own = new Map(await computeTensors(engine, recording, far, deitLogits));
  const near = localRun(engine, recording, recordedValues(recording));
  for (const reading of readings) {
    const { name } = reading;
    const right = own.get(name) ?? (await near(reading));
    await look(name, right, originOf(reading, recording));
    own.delete(name);
  }
}

async function lookAtSteps(engine: Engine, recording: Recording, look: Look): Promise<void> {
  const { results } = recording;
  const steps = laterNames(recording).map((names) => names.filter((name) => results.has(name)));
  const last = steps.findLastIndex((names) => names.length > 0) + 1;
  if (last === 0) return;
  const starts = await startsOf(engine, recording, last);
  for (const [i, names] of steps.entries()) {
    if (names.length === 0) continue;
    const after = await weightsAfter(engine, recording, starts.slice(0, i + 1));
    for (const name of names) {
      const right = after.get(name.slice(`after/${i + 1}/`.length));
      if (right !== undefined) await look(name, right, laterOrigin(name, recording));
    }
  }
}

/** The outputs of the network: what an engine with fused kernels computes without showing its steps. */
const OUTPUT = /^(taps\/logits|loss|grads\/.*)$/;

/** The same recording, of which nothing is seen but the outputs. */
function outputsAlone(recording: Recording): Recording {
  const { results } = recording;
  const names = [...results.keys()].filter((name) => OUTPUT.test(name));
  const has = (name: string): boolean => names.includes(name);
  return {
    ...recording,
    results: { size: names.length, has, keys: () => names.values(), get: (name) => (has(name) ? results.get(name) : undefined) },
  };
}

/** A judge of results on one engine. */
function judgeOn(engine: Engine, recording: Recording, see: (verdict: Verdict) => void): Look {
  const rounding = roundingOf(recording, rightHypothesis(recording));
  let wrong = 0;
  return async (name, right, origin) => {
    const found = verdictOf(recording, name, right, engine, origin);
    const verdict = mayBeRounding(found, recording, wrong) ? withRounding(found, await rounding(name, found.coarsest)) : found;
    if (!verdict.ok) wrong++;
    see(verdict);
  };
}

const readingsOf = (recording: Recording): readonly Reading[] => passReadings(recording).filter(({ name }) => recording.results.has(name));

/**
 * Looks at every tensor that the recording holds, on an engine. If all are right, an engine with fused kernels computes the outputs once more with all
 * of them, from the images on: they must be right as well. (Of a large network rounding could not be told from an error there.)
 *
 * @throws RecordingError for a recording that holds nothing to look at
 */
export async function verify(
  engine: Engine,
  recording: Recording,
  progress: Progress = () => undefined,
  limits: Limits = UNLIMITED,
): Promise<Verification> {
  if (recording.results.size === 0)
    throw new RecordingError("it holds no taps, loss, cotangents, gradients or later weights: nothing to verify");
  const tensors: Verdict[] = [];
  const look = judgeOn(engine, recording, (verdict) => {
    tensors.push(verdict);
    progress(verdict);
  });
  await lookAtPass(engine, recording, readingsOf(recording), look);
  await lookAtSteps(engine, recording, look);

  if (engine.precision !== "f64" && isQuick(recording) && tensors.every(({ ok }) => ok)) {
    const outputs = outputsAlone(recording);
    const lookAgain = judgeOn(engine, outputs, (verdict) => {
      const i = tensors.findIndex(({ name }) => name === verdict.name);
      if (!verdict.ok) tensors[i] = verdict;
    });
    await lookAtPass(engine, outputs, readingsOf(outputs), lookAgain);
  }
  const off = tensors.filter(({ ok }) => !ok);
  const first = off.find(({ local }) => local) ?? off[0] ?? null;
  if (first === null) return { engine: engine.name, match: true, tensors, first, findings: null, explanations: [] };
  const seen = new Map(tensors.map(({ name, ok, local }) => [name, { ok, local }]));
  return { engine: engine.name, match: false, tensors, first, ...(await explain(recording, seen, first.name, engine.precision, limits)) };
}
