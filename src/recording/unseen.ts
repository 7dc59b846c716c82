/**
 * Where the tensors before the first wrong one are not in the file, the wrong step may be any of those that lead there. So each variant is tried in the
 * whole network: in all blocks and in each alone, and there at all kinds of steps that it fits and at some of them.
 */
import type { Leaves } from "../check/host.ts";
import type { Engine } from "../kernels/engine.ts";
import { parameterShapes } from "../model/params.ts";
import { weightOf } from "./build.ts";
import { weightsAfter } from "./later.ts";
import { judge } from "./judge.ts";
import { ownValues, type Values } from "./local.ts";
import { laterNames, passReadings, type Origin } from "./readings.ts";
import type { Recording } from "./read.ts";
import { isQuick, isTiny } from "./run.ts";
import type { StepOp } from "./stepOps.ts";
import { kindOf, stepsOf, type Step } from "./steps.ts";
import type { Tried } from "./tried.ts";
import { fitsStep, isForward, varied } from "./varied.ts";
import { catalogue } from "./variants/catalogue.ts";
import type { Variant } from "./variants/variant.ts";

/** How each step is computed. */
type OpOf = (step: Step) => StepOp;

/** What the weights after the first step of the optimiser are called. */
const FIRST = "after/1/";

/** The parts of a training step that lie before a result. */
function partsBefore(name: string): readonly Variant["part"][] {
  if (name === "loss") return ["forward", "loss"];
  return isForward({ name }) ? ["forward"] : ["forward", "loss", "backward"];
}

/** All subsets but the empty one; the whole first. */
const subsets = <T>(all: readonly T[]): readonly (readonly T[])[] =>
  Array.from({ length: 2 ** all.length - 1 }, (_, i) => all.filter((__, bit) => ((i >> bit) & 1) === 0));

/** Sets of steps that a variant may be at. */
function placesOf(variant: Variant, recording: Recording): readonly ReadonlySet<string>[] {
  const taps = stepsOf(recording).flatMap(({ tap }) => (fitsStep(variant, tap) ? [tap] : []));
  const anywhere = variant.part === "backward" && variant.steps === null;
  if (anywhere || !isTiny(recording)) return [new Set(taps)];
  const blocks = Array.from({ length: recording.configuration.model.depth }, (_, i) => `blocks.${i}`);
  const regions = [taps, ...blocks.map((block) => taps.filter((tap) => tap === block || tap.startsWith(`${block}.`)))];
  const places = regions.flatMap((region) =>
    subsets([...new Set(region.map(kindOf))]).map((kinds) => region.filter((tap) => kinds.includes(kindOf(tap)))),
  );
  return [...new Map(places.map((place) => [place.join(), new Set(place)])).values()];
}

/** The network with the variant at each set of steps. */
function networksWith(variant: Variant, recording: Recording): readonly OpOf[] {
  const wrong = varied(variant, recording, true);
  return placesOf(variant, recording).map(
    (place) =>
      (step: Step): StepOp =>
        place.has(step.tap) ? wrong(step) : step,
  );
}

/**
 * What a variant must give beside this result: all that is recorded before it; and after it as well, if the variant is one of the loss or the backward
 * pass, of which every gradient is known. (Of a wrong forward step it is the right derivative that is taken.)
 */
function recordedWith(recording: Recording, name: string, { part }: Variant): readonly string[] {
  const pass = passReadings(recording).map((reading) => reading.name);
  const last = part === "forward" ? pass.indexOf(name) : pass.length - 1;
  const names = name.startsWith(FIRST) ? [...pass, ...(laterNames(recording)[0] ?? [])] : pass.slice(0, last + 1);
  return names.filter((other) => recording.results.has(other));
}

/** Results from the images on; of the optimiser the first step alone. */
function wholeValues(engine: Engine, recording: Recording, pass: Values): Values {
  const shapes = parameterShapes(recording.configuration.model);
  const step = async (): Promise<Leaves> => {
    const grads = await Promise.all([...shapes.keys()].map(async (name) => [name, await pass(`grads/${name}`)] as const));
    const weights = new Map([...shapes].map(([name, shape]) => [name, weightOf(recording, name, shape)]));
    return weightsAfter(engine, recording, [{ weights, grads: new Map(grads) }]);
  };
  let after: Promise<Leaves> | null = null;
  return async (name) => {
    if (!name.startsWith(FIRST)) return pass(name);
    after ??= step();
    const value = (await after).get(name.slice(FIRST.length));
    if (value === undefined) throw new RangeError(`no step makes ${name}`);
    return value;
  };
}

/** Compares one value after the other, until one is wrong. */
async function compared(recording: Recording, variant: Variant, names: readonly string[], values: Values): Promise<Tried> {
  const origin: Origin = { local: false, starts: [...recording.given.keys()] };
  let worst = 0;
  for (const name of names) {
    const { error, tolerance } = judge(recording, name, await values(name), "f64", origin);
    if (error > tolerance.bound) return { variant, error, ok: false };
    worst = Math.max(worst, error);
  }
  return { variant, error: worst, ok: true };
}

/**
 * Each variant of the parts that lead to a result, in each network that has it: it must give what is recorded before that result as well. Nothing
 * where that would take minutes.
 */
export async function tryUnseen(engine: Engine, recording: Recording, name: string): Promise<readonly Tried[]> {
  if (!isQuick(recording) || (name.startsWith("after/") && !name.startsWith(FIRST))) return [];
  const parts = partsBefore(name);
  const right = ownValues(engine, recording);
  const all: Tried[] = [];
  for (const variant of catalogue.filter(({ part }) => parts.includes(part)))
    for (const opOf of networksWith(variant, recording)) {
      const own = ownValues(engine, recording, opOf, variant.part === "forward" ? undefined : right);
      all.push(await compared(recording, variant, recordedWith(recording, name, variant), wholeValues(engine, recording, own)));
    }
  return all;
}
