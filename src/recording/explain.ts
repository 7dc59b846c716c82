/**
 * Why the first wrong tensor is wrong: each variant of the catalogue is tried on the one step that makes it, on the reference engine. One that gives
 * the recorded values is the explanation; where none does, or several do, nothing is claimed (recording format, section 5).
 */
import type { HostArray } from "../check/host.ts";
import { referenceEngine } from "../engines/reference/engine.ts";
import type { Engine } from "../kernels/engine.ts";
import type { Kernels } from "../kernels/kernels.ts";
import { deitLogits } from "../model/deit.ts";
import { parameterShapes } from "../model/params.ts";
import { goalOf, labelsOf, multiplierOf, weightOf } from "./build.ts";
import { RecordingError } from "./fields.ts";
import { hintsOf } from "./hints.ts";
import { judge } from "./judge.ts";
import { startsOf, weightsAfter } from "./later.ts";
import { localRun, type Values } from "./local.ts";
import type { Recording } from "./read.ts";
import { passReadings, type Reading } from "./readings.ts";
import { computeTensors } from "./run.ts";
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

/** The tensor to explain, and whether it was made from the recording's own values. */
export interface Wrong {
  readonly name: string;
  readonly local: boolean;
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

/** The recorded values, or from the images on the right ones. */
async function valuesFor(engine: Engine, recording: Recording, { results }: Reading, local: boolean): Promise<Values> {
  const arrays = local ? recording.results : await computeTensors(engine, recording, new Set(results), deitLogits);
  return (name) => {
    const array = arrays.get(name);
    if (array === undefined) throw new RecordingError(`no tensor ${name}`);
    return array;
  };
}

async function tryOnStep(
  engine: Engine,
  recording: Recording,
  reading: Reading,
  local: boolean,
): Promise<readonly [HostArray, readonly Tried[]]> {
  const values = await valuesFor(engine, recording, reading, local);
  const starts = local ? [...reading.results, ...reading.given] : [...recording.given.keys()];
  const tried: Tried[] = [];
  for (const variant of catalogue.filter((candidate) => fits(candidate, reading))) {
    const value = await localRun(engine, recording, values, varied(variant, recording, local))(reading);
    const { error, tolerance } = judge(recording, reading.name, value, engine.precision, starts);
    tried.push({ variant, error, ok: error <= tolerance.bound });
  }
  return [await localRun(engine, recording, values)(reading), tried];
}

/** All recorded weights after one step must be those of the variant. */
async function tryOnOptimizer(
  engine: Engine,
  recording: Recording,
  name: string,
): Promise<readonly [HostArray | undefined, readonly Tried[]]> {
  const s = Number(name.split("/")[1]);
  const prefix = `after/${s}/`;
  const starts = await startsOf(engine, recording, s);
  const names = [...recording.results.keys()].filter((result) => result.startsWith(prefix));
  const before = [
    ...recording.given.keys(),
    ...[...recording.results.keys()].filter((result) => result.startsWith(s === 1 ? "grads/" : `after/${s - 1}/`)),
  ];
  const tried: Tried[] = [];
  for (const variant of catalogue) {
    if (variant.part !== "optimizer" || !variant.kinds.some((kind) => kind === recording.configuration.optimizer?.kind)) continue;
    const after = await weightsAfter(engine, recording, starts, variant.wrong);
    const judgements = names.map((result) =>
      judge(recording, result, after.get(result.slice(prefix.length)) ?? { shape: [], data: new Float64Array() }, engine.precision, before),
    );
    tried.push({
      variant,
      error: Math.max(...judgements.map(({ error }) => error)),
      ok: judgements.every(({ error, tolerance }) => error <= tolerance.bound),
    });
  }
  return [(await weightsAfter(engine, recording, starts)).get(name.slice(prefix.length)), tried];
}

/** Looks for the reason that one tensor is wrong. */
export async function explain(recording: Recording, { name, local }: Wrong): Promise<Findings> {
  const engine = referenceEngine();
  const reading = passReadings(recording).find((candidate) => candidate.name === name);
  const [right, tried] = await (reading === undefined
    ? tryOnOptimizer(engine, recording, name)
    : tryOnStep(engine, recording, reading, local));
  const matching = tried.filter(({ ok }) => ok);
  const names = [...new Set(matching.map(({ variant }) => variant.name))];
  const recorded = recording.results.get(name);
  const hints = names.length === 1 || right === undefined || recorded === undefined ? [] : hintsOf(recorded, right, recording.batch);
  const [found] = matching;
  if (found === undefined || names.length > 1) return { explanation: null, candidates: names, hints };
  const { instead, reason, equation } = found.variant;
  const explanation = {
    variant: found.variant.name,
    residual: found.error,
    text: `${instead}: ${reason}; see ${equation} in docs/deit.md`,
  };
  return { explanation, candidates: [], hints };
}
