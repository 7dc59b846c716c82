/**
 * Why the first wrong tensor is wrong: each variant of the catalogue is tried on the one step that makes it, on the reference engine. One that gives
 * the recorded values is the explanation; where none does, or several do, nothing is claimed (recording format, section 5).
 */
import type { HostArray } from "../check/host.ts";
import { referenceEngine } from "../engines/reference/engine.ts";
import type { Engine } from "../kernels/engine.ts";
import type { Kernels } from "../kernels/kernels.ts";
import { macs } from "../laws/loops/counts.ts";
import { parameterShapes } from "../model/params.ts";
import { goalOf, labelsOf, multiplierOf, weightOf } from "./build.ts";
import { RecordingError } from "./fields.ts";
import { hintsOf } from "./hints.ts";
import { judge, type Judgement } from "./judge.ts";
import { startsOf, weightsAfter } from "./later.ts";
import { localRun, ownValues, type Values } from "./local.ts";
import type { Recording } from "./read.ts";
import { laterOrigin, originOf, passReadings, type Origin, type Reading } from "./readings.ts";
import { nth, type StepInputs, type StepOp } from "./stepOps.ts";
import { kindOf, type Step } from "./steps.ts";
import { catalogue } from "./variants/catalogue.ts";
import type { LossVariant, Place, Variant } from "./variants/variant.ts";

export interface Explanation {
  /** Name of the variant. */
  readonly variant: string;
  /** How far its values are from the recorded ones, as a share of their scale. */
  readonly residual: number;
  readonly text: string;
}

export interface Findings {
  readonly explanation: Explanation | null;
  /** Variants that all give the recorded values; empty if there is one, or none. */
  readonly candidates: readonly string[];
  /** What the numbers themselves show. */
  readonly hints: readonly string[];
}

const isForward = ({ name }: Reading): boolean => name === "loss" || name.startsWith("taps/");

/** Whether a variant can be at one of the steps that make this tensor. */
function fits(variant: Variant, reading: Reading): boolean {
  const kinds = reading.steps.map(({ tap }) => kindOf(tap));
  if (variant.part === "loss") return kinds.includes("loss");
  if (variant.part === "optimizer") return false;
  if ((variant.part === "forward") !== isForward(reading)) return false;
  return variant.steps === null || kinds.some((kind) => variant.steps?.includes(kind));
}

function placeOf(k: Kernels, recording: Recording, step: Step, local: boolean): Place {
  const { model } = recording.configuration;
  const branch = step.given.find((name) => name.startsWith("dropPath/"))?.slice("dropPath/".length);
  return {
    model,
    step,
    batch: recording.batch,
    local,
    multiplier: branch === undefined ? null : multiplierOf(k, recording, branch),
    parameter: (name) => {
      const { shape, data } = weightOf(recording, name, parameterShapes(model).get(name) ?? []);
      return k.upload(shape, data);
    },
  };
}

function lossOp({ wrong }: LossVariant, recording: Recording): StepOp {
  const run = (k: Kernels, { taps }: StepInputs): ReturnType<LossVariant["wrong"]> => {
    const goal = goalOf(k, recording);
    const { loss, model } = recording.configuration;
    if (goal === null || loss === null) throw new RecordingError("there is no loss");
    const logits = { head: nth(taps, 0), head_dist: taps[1] ?? null };
    return wrong(k, logits, goal, { loss, classes: model.classes, labels: labelsOf(k, recording) });
  };
  return {
    forward: (k, inputs) => run(k, inputs).loss,
    pullback: (k, inputs) => {
      const { head, head_dist } = run(k, inputs).dLogits;
      return { taps: head_dist === null ? [head] : [head, head_dist], weights: [] };
    },
  };
}

/** The step as the variant has it. */
function varied(variant: Variant, recording: Recording, local: boolean): (step: Step) => StepOp {
  return (step) => {
    const kind = kindOf(step.tap);
    if (variant.part === "loss") return kind === "loss" ? lossOp(variant, recording) : step;
    if (variant.part === "forward" && variant.steps.includes(kind))
      return { ...step, forward: (k, inputs) => variant.wrong(k, inputs, placeOf(k, recording, step, local)) };
    if (variant.part === "backward" && (variant.steps ?? [kind]).includes(kind))
      return { ...step, pullback: (k, inputs, dOut) => variant.wrong(k, inputs, dOut, placeOf(k, recording, step, local)) };
    return step;
  };
}

/** A variant, and how far its values are from the recorded ones. */
interface Tried {
  readonly variant: Variant;
  readonly error: number;
  readonly ok: boolean;
}

const recordedValues =
  ({ results }: Recording): Values =>
  (name) => {
    const array = results.get(name);
    if (array === undefined) throw new RecordingError(`no tensor ${name}`);
    return Promise.resolve(array);
  };

const withinTolerance = ({ error, tolerance }: Judgement): boolean => error <= tolerance.bound;

/** The variants at the step itself, which reads recorded values or, from the images on, right ones. */
async function tryOnStep(
  engine: Engine,
  recording: Recording,
  reading: Reading,
  values: Values,
  origin: Origin,
): Promise<readonly Tried[]> {
  const tried: Tried[] = [];
  for (const variant of catalogue.filter((candidate) => fits(candidate, reading))) {
    const value = await localRun(engine, recording, values, varied(variant, recording, origin.local))(reading);
    const judgement = judge(recording, reading.name, value, engine.precision, origin);
    tried.push({ variant, error: judgement.error, ok: withinTolerance(judgement) });
  }
  return tried;
}

/** Where the tensors before it are not in the file, the first wrong step may lie among them: every variant, in the whole network. */
async function tryUnseen(engine: Engine, recording: Recording, reading: Reading, origin: Origin): Promise<readonly Tried[]> {
  const tried: Tried[] = [];
  for (const variant of catalogue.filter((candidate) =>
    isForward(reading) ? candidate.part === "forward" : ["loss", "backward"].includes(candidate.part),
  )) {
    const value = await ownValues(engine, recording, varied(variant, recording, true))(reading.name);
    const judgement = judge(recording, reading.name, value, engine.precision, origin);
    tried.push({ variant, error: judgement.error, ok: withinTolerance(judgement) });
  }
  return tried;
}

/** Multiply–adds of a forward pass up to which the whole network is run once a variant. */
const QUICK = 2e9;

async function tryOnPass(engine: Engine, recording: Recording, reading: Reading): Promise<readonly [HostArray, readonly Tried[]]> {
  const origin = originOf(reading, recording);
  const values = origin.local ? recordedValues(recording) : ownValues(engine, recording);
  const right = await localRun(engine, recording, values)(reading);
  const tried = await tryOnStep(engine, recording, reading, values, origin);
  const seen = origin.local || tried.some(({ ok }) => ok) || recording.batch * macs(recording.configuration.model) > QUICK;
  return [right, seen ? tried : await tryUnseen(engine, recording, reading, origin)];
}

/** All recorded weights after one step must be those of the variant. */
async function tryOnOptimizer(
  engine: Engine,
  recording: Recording,
  name: string,
): Promise<readonly [HostArray | undefined, readonly Tried[]]> {
  const { optimizer } = recording.configuration;
  const s = Number(name.split("/")[1]);
  const prefix = `after/${s}/`;
  const starts = await startsOf(engine, recording, s);
  const names = [...recording.results.keys()].filter((result) => result.startsWith(prefix));
  const tried: Tried[] = [];
  for (const variant of catalogue) {
    if (variant.part !== "optimizer" || !variant.kinds.some((kind) => kind === optimizer?.kind)) continue;
    const after = await weightsAfter(engine, recording, starts, variant.wrong);
    const judgements = [...after].flatMap(([parameter, value]) => {
      const result = prefix + parameter;
      return names.includes(result) ? [judge(recording, result, value, engine.precision, laterOrigin(result, recording))] : [];
    });
    tried.push({ variant, error: Math.max(...judgements.map(({ error }) => error)), ok: judgements.every(withinTolerance) });
  }
  return [(await weightsAfter(engine, recording, starts)).get(name.slice(prefix.length)), tried];
}

/** Looks for the reason that one recorded tensor is wrong. */
export async function explain(recording: Recording, name: string): Promise<Findings> {
  const engine = referenceEngine();
  const reading = passReadings(recording).find((candidate) => candidate.name === name);
  const [right, tried] = await (reading === undefined ? tryOnOptimizer(engine, recording, name) : tryOnPass(engine, recording, reading));
  const matching = tried.filter(({ ok }) => ok);
  const names = [...new Set(matching.map(({ variant }) => variant.name))];
  const recorded = recording.results.get(name);
  const hints = names.length === 1 || right === undefined || recorded === undefined ? [] : hintsOf(recorded, right, recording.batch);
  const [found] = matching;
  if (found === undefined || names.length > 1) return { explanation: null, candidates: names, hints };
  const { instead, reason, equation } = found.variant;
  const text = `${instead}: ${reason}; see ${equation} in docs/deit.md`;
  return { explanation: { variant: found.variant.name, residual: found.error, text }, candidates: [], hints };
}
