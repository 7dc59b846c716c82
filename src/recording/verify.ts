/**
 * Verification: compares every tensor of a recording with the right one, and names the first that is wrong (recording format, section 5). The right one is
 *
 *   local        computed from the recording's own values, where the file holds all that the step reads: a step can be right after a wrong one
 *   end to end   computed from the images on, otherwise
 */
import type { HostArray } from "../check/host.ts";
import type { Engine } from "../kernels/engine.ts";
import { deitLogits } from "../model/deit.ts";
import { indexOf } from "../check/close.ts";
import { explain } from "./explain/explain.ts";
import type { Findings, Limits, StepExplanation } from "./explain/explanation.ts";
import { RecordingError } from "./format/fields.ts";
import { rightHypothesis } from "./steps/hypothesis.ts";
import { judge, type Judgement } from "./judge.ts";
import { startsOf, weightsAfter } from "./steps/optimizerSteps.ts";
import { localReader } from "./steps/localReading.ts";
import type { Recording } from "./format/read.ts";
import { isLocal, updatedWeightNames, updatedWeightOrigin, originOf, passReadings, type Origin, type Reading } from "./steps/readings.ts";
import { allowing, roundingOf } from "./rounding.ts";
import { computeTensors, isQuick, isTiny } from "./steps/compute.ts";
import { recordedValues } from "./steps/prediction.ts";

/** One tensor's verdict. */
export interface Verdict extends Judgement {
  /** The tensor's name in the file: `taps/blocks.0.mid`. */
  readonly name: string;
  /** Whether the right value was computed from the recording's own values; else from the images on. */
  readonly local: boolean;
  /** Whether the error is within the tolerance. */
  readonly ok: boolean;
  /** Indices of the worst element, an axis each. */
  readonly worstIndex: readonly number[];
}

/** The result of a verification. */
export interface Verification {
  /** The name of the engine that computed the right values. */
  readonly engine: string;
  /** Whether every tensor is within its tolerance. */
  readonly match: boolean;
  /** In the order of the computation. */
  readonly tensors: readonly Verdict[];
  /** The first that is wrong locally, else the first that is wrong; null: nothing is. */
  readonly first: Verdict | null;
  /** What is known about the first wrong tensor; null: nothing is wrong. */
  readonly findings: Findings | null;
  /** Every step that is wrong locally, in the order of the computation. */
  readonly explanations: readonly StepExplanation[];
}

const UNLIMITED: Limits = { expired: () => false, trying: () => undefined, scout: null };

/** Called with each tensor's verdict as soon as it is known. */
export type Progress = (verdict: Verdict) => void;

/** Compares a recorded tensor with the right one, which this engine has computed. */
export function verdictOf(recording: Recording, name: string, right: HostArray, engine: Engine, origin: Origin): Verdict {
  const judgement = judge(recording, name, right, engine.precision, origin);
  const ok = judgement.error <= judgement.tolerance.bound;
  return { ...judgement, name, local: origin.local, ok, worstIndex: indexOf(right.shape, judgement.worst) };
}

/** An error from which on, unless the network is tiny, rounding is not considered as the cause. */
export const LARGE = 1e-2;

/** For how many wrong steps, unless the network is tiny, rounding is measured; if more are wrong, the cause is another. */
const MOST_MEASURED = 8;

/** Whether to measure the rounding error, for which the reference engine runs the step, or everything from the images on, a few times. */
function mayBeRounding({ ok, error, local }: Verdict, recording: Recording, wrong: number): boolean {
  if (ok) return false;
  return isTiny(recording) || (error < LARGE && (local ? wrong < MOST_MEASURED : isQuick(recording) && wrong === 0));
}

/** The verdict with a tolerance that allows for this rounding error, in the tensor's own unit. */
export function withRounding(verdict: Verdict, roundingError: number): Verdict {
  const tolerance = allowing(verdict.tolerance, roundingError, verdict.scale);
  return { ...verdict, tolerance, ok: verdict.error <= tolerance.bound };
}

/** Judges one result: its name, the right value, and what that was made from. */
type Judge = (name: string, right: HostArray, origin: Origin) => Promise<void>;

/** Judges the results of the forward and the backward pass. */
async function judgePass(engine: Engine, recording: Recording, readings: readonly Reading[], judgeResult: Judge): Promise<void> {
  const notLocal = new Set(readings.filter((reading) => !isLocal(reading, recording)).map(({ name }) => name));
  const endToEnd = new Map(await computeTensors(engine, recording, notLocal, deitLogits));
  const readLocally = localReader(engine, recording, recordedValues(recording));
  for (const reading of readings) {
    const { name } = reading;
    const right = endToEnd.get(name) ?? (await readLocally(reading));
    await judgeResult(name, right, originOf(reading, recording));
    endToEnd.delete(name);
  }
}

/** Judges the weights after each step of the optimiser. */
async function judgeOptimizerSteps(engine: Engine, recording: Recording, judgeResult: Judge): Promise<void> {
  const { results } = recording;
  const steps = updatedWeightNames(recording).map((names) => names.filter((name) => results.has(name)));
  const last = steps.findLastIndex((names) => names.length > 0) + 1;
  if (last === 0) return;
  const starts = await startsOf(engine, recording, last);
  for (const [i, names] of steps.entries()) {
    if (names.length === 0) continue;
    const after = await weightsAfter(engine, recording, starts.slice(0, i + 1));
    for (const name of names) {
      const right = after.get(name.slice(`after/${i + 1}/`.length));
      if (right !== undefined) await judgeResult(name, right, updatedWeightOrigin(name, recording));
    }
  }
}

/** Names of the outputs of the network: what remains visible when an engine runs with all of its fused kernels. */
const OUTPUT = /^(taps\/logits|loss|grads\/.*)$/;

/** The recording with only its outputs as results. */
function outputsAlone(recording: Recording): Recording {
  const { results } = recording;
  const names = [...results.keys()].filter((name) => OUTPUT.test(name));
  const has = (name: string): boolean => names.includes(name);
  return {
    ...recording,
    results: { size: names.length, has, keys: () => names.values(), get: (name) => (has(name) ? results.get(name) : undefined) },
  };
}

/** Judges results that this engine computes, each with the measured rounding error where that may be the cause. */
function judgeOf(engine: Engine, recording: Recording, report: (verdict: Verdict) => void): Judge {
  const rounding = roundingOf(recording, rightHypothesis(recording));
  let wrong = 0;
  return async (name, right, origin) => {
    const found = verdictOf(recording, name, right, engine, origin);
    const verdict = mayBeRounding(found, recording, wrong) ? withRounding(found, await rounding(name, found.coarsest)) : found;
    if (!verdict.ok) wrong++;
    report(verdict);
  };
}

const readingsOf = (recording: Recording): readonly Reading[] => passReadings(recording).filter(({ name }) => recording.results.has(name));

/**
 * Judges every tensor that the recording holds, with right values from this engine. If all hold, an engine with fused kernels computes the outputs once
 * more with all of them, from the images on, and these must hold as well. (Not for a large network, where rounding could not be distinguished from an error.)
 *
 * @throws RecordingError for a recording without results
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
  const judgeResult = judgeOf(engine, recording, (verdict) => {
    tensors.push(verdict);
    progress(verdict);
  });
  await judgePass(engine, recording, readingsOf(recording), judgeResult);
  await judgeOptimizerSteps(engine, recording, judgeResult);

  if (engine.precision !== "f64" && isQuick(recording) && tensors.every(({ ok }) => ok)) {
    const outputs = outputsAlone(recording);
    const judgeAgain = judgeOf(engine, outputs, (verdict) => {
      const i = tensors.findIndex(({ name }) => name === verdict.name);
      if (!verdict.ok) tensors[i] = verdict;
    });
    await judgePass(engine, outputs, readingsOf(outputs), judgeAgain);
  }
  const off = tensors.filter(({ ok }) => !ok);
  const first = off.find(({ local }) => local) ?? off[0] ?? null;
  if (first === null) return { engine: engine.name, match: true, tensors, first, findings: null, explanations: [] };
  const statuses = new Map(tensors.map(({ name, ok, local }) => [name, { ok, local }]));
  return {
    engine: engine.name,
    match: false,
    tensors,
    first,
    ...(await explain(recording, statuses, first.name, engine.precision, limits)),
  };
}
