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
import { explain, type Findings } from "./explain.ts";
import { RecordingError } from "./fields.ts";
import { judge, type Judgement } from "./judge.ts";
import { startsOf, weightsAfter } from "./later.ts";
import { localRun } from "./local.ts";
import type { Arrays, Recording } from "./read.ts";
import { isLocal, laterNames, laterOrigin, originOf, passReadings, type Origin, type Reading } from "./readings.ts";
import { computeTensors } from "./run.ts";

/** One tensor's verdict. */
export interface Verdict extends Judgement {
  readonly name: string;
  /** Made from the recording's own values; else from the images on. */
  readonly local: boolean;
  readonly ok: boolean;
  /** Indices of the worst element, an axis each. */
  readonly worstIndex: readonly number[];
}

export interface Verification {
  readonly engine: string;
  readonly match: boolean;
  /** In the order of the computation. */
  readonly tensors: readonly Verdict[];
  /** The first that is wrong. */
  readonly first: Verdict | null;
  /** Of the first; null where nothing is wrong. */
  readonly findings: Findings | null;
}

/** Called with each tensor when it has been looked at. */
export type Progress = (verdict: Verdict) => void;

/** @throws RecordingError naming the tensor */
export function recorded(results: Arrays, name: string): HostArray {
  const array = results.get(name);
  if (array === undefined) throw new RecordingError(`no tensor ${name}`);
  return array;
}

function verdictOf(recording: Recording, name: string, right: HostArray, engine: Engine, origin: Origin): Verdict {
  const judgement = judge(recording, name, right, engine.precision, origin);
  const ok = judgement.error <= judgement.tolerance.bound;
  return { ...judgement, name, local: origin.local, ok, worstIndex: indexOf(right.shape, judgement.worst) };
}

async function passVerdicts(engine: Engine, recording: Recording, readings: readonly Reading[], see: Progress): Promise<void> {
  const { results } = recording;
  const far = new Set(readings.filter((reading) => !isLocal(reading, recording)).map(({ name }) => name));
  const own = new Map(await computeTensors(engine, recording, far, deitLogits));
  const near = localRun(engine, recording, (name) => Promise.resolve(recorded(results, name)));
  for (const reading of readings) {
    const { name } = reading;
    const right = own.get(name) ?? (await near(reading));
    see(verdictOf(recording, name, right, engine, originOf(reading, recording)));
    own.delete(name);
  }
}

async function laterVerdicts(engine: Engine, recording: Recording, see: Progress): Promise<void> {
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
      if (right !== undefined) see(verdictOf(recording, name, right, engine, laterOrigin(name, recording)));
    }
  }
}

/**
 * Looks at every tensor that the recording holds, on an engine.
 *
 * @throws RecordingError for a recording that holds nothing to look at
 */
export async function verify(engine: Engine, recording: Recording, progress: Progress = () => undefined): Promise<Verification> {
  if (recording.results.size === 0)
    throw new RecordingError("it holds no taps, loss, cotangents, gradients or later weights: nothing to verify");
  const tensors: Verdict[] = [];
  const see: Progress = (verdict) => {
    tensors.push(verdict);
    progress(verdict);
  };
  await passVerdicts(
    engine,
    recording,
    passReadings(recording).filter(({ name }) => recording.results.has(name)),
    see,
  );
  await laterVerdicts(engine, recording, see);

  const off = tensors.filter(({ ok }) => !ok);
  const first = off.find(({ local }) => local) ?? off[0] ?? null;
  const findings = first === null ? null : await explain(recording, first.name);
  return { engine: engine.name, match: first === null, tensors, first, findings };
}
