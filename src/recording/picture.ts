/**
 * A verification as a picture needs it: every tensor that the configuration allows, by the step that it belongs to, with its error from the
 * recording's own values (local) and from the images on (end to end), and the numbers of the wrong steps that are shown.
 */
import type { HostArray } from "../check/host.ts";
import type { Engine } from "../kernels/engine.ts";
import { deitLogits } from "../model/deit.ts";
import type { Shape } from "../tensor/tensor.ts";
import type { Configuration } from "./format/configuration.ts";
import { rightHypothesis } from "./steps/hypothesis.ts";
import { resultOf, type Recording } from "./format/read.ts";
import { laterNames, passReadings, type Reading } from "./steps/readings.ts";
import { roundingEndToEnd } from "./rounding.ts";
import { computeTensors, isQuick, isTiny } from "./steps/run.ts";
import { slotsOf } from "./format/slots.ts";
import { kindOf, stepsOf, type Step } from "./steps/steps.ts";
import { under } from "./steps/under.ts";
import { LARGE, verdictOf, withRounding, type Verdict, type Verification } from "./verify.ts";

/** A step of the network, as what it reads. */
export interface PictureStep extends Pick<Step, "tap" | "reads" | "weights"> {
  /** Its formula, whatever block it lies in: `attn.scores`; `block` for the output of one. */
  readonly kind: string;
  /** null: before the blocks or after them. */
  readonly block: number | null;
}

export interface PictureTensor {
  /** As in the file: `taps/blocks.0.mid`. */
  readonly name: string;
  /** What computes it; a number is that of the optimiser's step. */
  readonly pass: "forward" | "backward" | number;
  /** The tap of the step that makes it, whose cotangent it is, or whose weight it belongs to; `images` for their gradient. */
  readonly step: string;
  /** Of the gradient of a parameter, or its later value. */
  readonly weight: string | null;
  readonly shape: Shape;
  readonly recorded: boolean;
  /** From the recording's own values; null: not recorded, or what it is made from is not. */
  readonly local: Verdict | null;
  /** From the images on; null: not recorded, or not computed. */
  readonly endToEnd: Verdict | null;
}

/** One wrong tensor with its numbers. */
export interface Specimen {
  readonly verdict: Verdict;
  readonly recorded: HostArray;
  readonly right: HostArray;
}

export interface Picture {
  readonly configuration: Configuration;
  readonly batch: number;
  readonly verification: Verification;
  /** In the order of the forward pass. */
  readonly steps: readonly PictureStep[];
  /** In the order of the computation. */
  readonly tensors: readonly PictureTensor[];
  /** Whether what is judged locally was judged end to end as well: a large network is not computed once more. */
  readonly bothWays: boolean;
  /** The first wrong tensor, then others that are explained. */
  readonly specimens: readonly Specimen[];
}

/** Specimens beside the first; more would make a page large. */
const MORE_SPECIMENS = 5;

const blockOf = (tap: string): number | null => {
  const [, block] = /^blocks\.(\d+)(\.|$)/.exec(tap) ?? [];
  return block === undefined ? null : Number(block);
};

type Place = Pick<PictureTensor, "name" | "pass" | "step" | "weight">;

function placeOf({ name, steps }: Reading): Place {
  const [first] = steps;
  if (name === "loss") return { name, pass: "forward", step: "loss", weight: null };
  const [kind, rest] = [name.slice(0, name.indexOf("/")), name.slice(name.indexOf("/") + 1)];
  if (kind === "taps") return { name, pass: "forward", step: rest, weight: null };
  if (kind === "cotangents" || rest === "images") return { name, pass: "backward", step: rest, weight: null };
  return { name, pass: "backward", step: first?.tap ?? rest, weight: rest };
}

/** Where each tensor lies, in the order of the computation. */
function placesOf(recording: Recording, steps: readonly PictureStep[]): readonly Place[] {
  const owner = new Map(steps.flatMap(({ tap, weights }) => weights.map((weight) => [weight, tap] as const)));
  const later = laterNames(recording).flatMap((names, i) =>
    names.map((name): Place => {
      const weight = name.slice(`after/${i + 1}/`.length);
      return { name, pass: i + 1, step: owner.get(weight) ?? weight, weight };
    }),
  );
  return [...passReadings(recording).map(placeOf), ...later];
}

/** These tensors judged from the images on, whatever is recorded before them; what rounding costs is allowed, as `verify` does. */
async function judgedEndToEnd(engine: Engine, recording: Recording, names: ReadonlySet<string>): Promise<ReadonlyMap<string, Verdict>> {
  const origin = { local: false, starts: [...recording.given.keys()] };
  const right = await computeTensors(engine, recording, names, deitLogits);
  const found = new Map([...right].map(([name, array]) => [name, verdictOf(recording, name, array, engine, origin)]));
  const asked = [...found.values()].filter(({ ok, error }) => !ok && (isTiny(recording) || error < LARGE));
  const cost = await roundingEndToEnd(recording, new Set(asked.map(({ name }) => name)));
  for (const verdict of asked) found.set(verdict.name, withRounding(verdict, cost(verdict.name, verdict.coarsest)));
  return found;
}

/** The right values that the verdict was made from. */
async function specimenOf(engine: Engine, recording: Recording, verdict: Verdict): Promise<Specimen> {
  const { name, local } = verdict;
  const own = local || name.startsWith("after/") ? undefined : await computeTensors(engine, recording, new Set([name]), deitLogits);
  const right = own?.get(name) ?? (await under(engine, recording, rightHypothesis(recording)).value(name));
  return { verdict, recorded: resultOf(recording, name), right };
}

/**
 * What a picture of this verification shows. Tensors that were judged locally are judged end to end as well, where the network is computed in
 * seconds; the numbers of the first wrong tensor and of a few others that are explained are computed once more.
 *
 * @param engine the one that verified
 */
export async function pictureOf(engine: Engine, recording: Recording, verification: Verification): Promise<Picture> {
  const { configuration, batch, results } = recording;
  const { tensors, first, explanations } = verification;
  const verdicts = new Map(tensors.map((verdict) => [verdict.name, verdict]));
  const steps = stepsOf(recording).map(({ tap, reads, weights }) => ({ tap, reads, weights, kind: kindOf(tap), block: blockOf(tap) }));
  const slots = slotsOf(configuration, batch);

  const near = tensors.filter(({ local }) => local).map(({ name }) => name);
  const bothWays = isQuick(recording);
  const again = bothWays ? await judgedEndToEnd(engine, recording, new Set(near)) : new Map<string, Verdict>();
  const pictured = placesOf(recording, steps).map((place): PictureTensor => {
    const verdict = verdicts.get(place.name) ?? null;
    const local = verdict?.local === true ? verdict : null;
    return {
      ...place,
      shape: slots.get(place.name)?.shape ?? [],
      recorded: results.has(place.name),
      local,
      endToEnd: local === null ? verdict : (again.get(place.name) ?? null),
    };
  });

  const shown = new Set([...(first === null ? [] : [first.name]), ...explanations.map(({ at }) => at)]);
  const specimens: Specimen[] = [];
  for (const name of [...shown].slice(0, 1 + MORE_SPECIMENS)) {
    const verdict = verdicts.get(name);
    if (verdict !== undefined) specimens.push(await specimenOf(engine, recording, verdict));
  }
  return { configuration, batch, verification, steps, tensors: pictured, bothWays, specimens };
}
