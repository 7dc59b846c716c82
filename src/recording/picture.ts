/**
 * Collects what the page of a verification draws: for every tensor that the configuration allows, the step that it belongs to, its local error (computed
 * from the recording's own values) and its end-to-end error (computed from the images on); and the numbers of some wrong tensors.
 */
import type { HostArray } from "../check/host.ts";
import type { Engine } from "../kernels/engine.ts";
import { deitLogits } from "../model/deit.ts";
import type { Shape } from "../tensor/tensor.ts";
import type { Configuration } from "./format/configuration.ts";
import { rightHypothesis } from "./steps/hypothesis.ts";
import { resultOf, type Recording } from "./format/read.ts";
import { updatedWeightNames, passReadings, type Reading } from "./steps/readings.ts";
import { roundingEndToEnd } from "./rounding.ts";
import { computeTensors, isQuick, isTiny } from "./steps/compute.ts";
import { tensorSpecsOf } from "./format/tensorSpecs.ts";
import { kindOf, stepsOf, type Step } from "./steps/steps.ts";
import { predict } from "./steps/prediction.ts";
import { LARGE, verdictOf, withRounding, type Verdict, type Verification } from "./verify.ts";

/** A step of the network and what it reads. */
export interface PictureStep extends Pick<Step, "tap" | "reads" | "weights"> {
  /** Which formula it is, the same in every block: `attn.scores`; `block` for the output of a block. */
  readonly kind: string;
  /** Number of its block; null: the step is before or after the blocks. */
  readonly block: number | null;
}

/** A tensor that the recording holds or may hold. */
export interface PictureTensor {
  /** As in the file: `taps/blocks.0.mid`. */
  readonly name: string;
  /** Which pass computes it; a number stands for that step of the optimiser. */
  readonly pass: "forward" | "backward" | number;
  /** The tap of the step whose output, cotangent or parameter this is about; `images` for the gradient of the images. */
  readonly step: string;
  /** Name of the parameter whose gradient or updated value it is; null: it belongs to no parameter. */
  readonly weight: string | null;
  readonly shape: Shape;
  readonly recorded: boolean;
  /** Verdict on the recording's own inputs; null: the tensor is not recorded, or its inputs are not. */
  readonly local: Verdict | null;
  /** Verdict from the images on; null: the tensor is not recorded, or was not computed from the images on. */
  readonly endToEnd: Verdict | null;
}

/** A wrong tensor with its numbers. */
export interface WrongTensor {
  readonly verdict: Verdict;
  readonly recorded: HostArray;
  readonly right: HostArray;
}

/** All that the page shows. */
export interface Picture {
  readonly configuration: Configuration;
  readonly batch: number;
  readonly verification: Verification;
  /** In the order of the forward pass. */
  readonly steps: readonly PictureStep[];
  /** In the order of the computation. */
  readonly tensors: readonly PictureTensor[];
  /** Whether tensors that are judged locally were judged end to end as well; a large network is not computed a second time. */
  readonly bothWays: boolean;
  /** The first wrong tensor, then others that are explained. */
  readonly wrongTensors: readonly WrongTensor[];
}

/** How many wrong tensors have their numbers shown, besides the first; more would make the page large. */
const MORE_WRONG = 5;

const blockOf = (tap: string): number | null => {
  const [, block] = /^blocks\.(\d+)(\.|$)/.exec(tap) ?? [];
  return block === undefined ? null : Number(block);
};

type TensorLocation = Pick<PictureTensor, "name" | "pass" | "step" | "weight">;

function locationOf({ name, steps }: Reading): TensorLocation {
  const [first] = steps;
  if (name === "loss") return { name, pass: "forward", step: "loss", weight: null };
  const [kind, rest] = [name.slice(0, name.indexOf("/")), name.slice(name.indexOf("/") + 1)];
  if (kind === "taps") return { name, pass: "forward", step: rest, weight: null };
  if (kind === "cotangents" || rest === "images") return { name, pass: "backward", step: rest, weight: null };
  return { name, pass: "backward", step: first?.tap ?? rest, weight: rest };
}

/** The pass and the step that each tensor belongs to, in the order of the computation. */
function locationsOf(recording: Recording, steps: readonly PictureStep[]): readonly TensorLocation[] {
  const owner = new Map(steps.flatMap(({ tap, weights }) => weights.map((weight) => [weight, tap] as const)));
  const updated = updatedWeightNames(recording).flatMap((names, i) =>
    names.map((name): TensorLocation => {
      const weight = name.slice(`after/${i + 1}/`.length);
      return { name, pass: i + 1, step: owner.get(weight) ?? weight, weight };
    }),
  );
  return [...passReadings(recording).map(locationOf), ...updated];
}

/** Judges these tensors from the images on, whatever is recorded before them. Like `verify`, it allows for the measured rounding error. */
async function judgedEndToEnd(engine: Engine, recording: Recording, names: ReadonlySet<string>): Promise<ReadonlyMap<string, Verdict>> {
  const origin = { local: false, starts: [...recording.given.keys()] };
  const right = await computeTensors(engine, recording, names, deitLogits);
  const found = new Map([...right].map(([name, array]) => [name, verdictOf(recording, name, array, engine, origin)]));
  const doubtful = [...found.values()].filter(({ ok, error }) => !ok && (isTiny(recording) || error < LARGE));
  const roundingError = await roundingEndToEnd(recording, new Set(doubtful.map(({ name }) => name)));
  for (const verdict of doubtful) found.set(verdict.name, withRounding(verdict, roundingError(verdict.name, verdict.coarsest)));
  return found;
}

/** The tensor of a verdict with the right values, computed as they were for the verdict. */
async function wrongTensorOf(engine: Engine, recording: Recording, verdict: Verdict): Promise<WrongTensor> {
  const { name, local } = verdict;
  const own = local || name.startsWith("after/") ? undefined : await computeTensors(engine, recording, new Set([name]), deitLogits);
  const right = own?.get(name) ?? (await predict(engine, recording, rightHypothesis(recording)).value(name));
  return { verdict, recorded: resultOf(recording, name), right };
}

/**
 * Collects what the page of this verification shows. It judges tensors that were judged locally end to end as well, where that takes seconds, and computes
 * the numbers of the first wrong tensor, and of a few others that are explained, once more.
 *
 * @param engine the engine that verified
 */
export async function pictureOf(engine: Engine, recording: Recording, verification: Verification): Promise<Picture> {
  const { configuration, batch, results } = recording;
  const { tensors, first, explanations } = verification;
  const verdicts = new Map(tensors.map((verdict) => [verdict.name, verdict]));
  const steps = stepsOf(recording).map(({ tap, reads, weights }) => ({ tap, reads, weights, kind: kindOf(tap), block: blockOf(tap) }));
  const specs = tensorSpecsOf(configuration, batch);

  const judgedLocally = tensors.filter(({ local }) => local).map(({ name }) => name);
  const bothWays = isQuick(recording);
  const endToEnd = bothWays ? await judgedEndToEnd(engine, recording, new Set(judgedLocally)) : new Map<string, Verdict>();
  const pictured = locationsOf(recording, steps).map((location): PictureTensor => {
    const verdict = verdicts.get(location.name) ?? null;
    const local = verdict?.local === true ? verdict : null;
    return {
      ...location,
      shape: specs.get(location.name)?.shape ?? [],
      recorded: results.has(location.name),
      local,
      endToEnd: local === null ? verdict : (endToEnd.get(location.name) ?? null),
    };
  });

  const shown = new Set([...(first === null ? [] : [first.name]), ...explanations.map(({ at }) => at)]);
  const wrongTensors: WrongTensor[] = [];
  for (const name of [...shown].slice(0, 1 + MORE_WRONG)) {
    const verdict = verdicts.get(name);
    if (verdict !== undefined) wrongTensors.push(await wrongTensorOf(engine, recording, verdict));
  }
  return { configuration, batch, verification, steps, tensors: pictured, bothWays, wrongTensors };
}
