/**
 * Where the tensors before the first wrong one are not in the file, the wrong step may be any of those that lead there. So each variant is tried in the
 * whole network: in all blocks and in each alone, and there at all kinds of steps that it fits and at some of them.
 */
import type { Leaves } from "../check/host.ts";
import type { Engine } from "../kernels/engine.ts";
import { macs } from "../laws/loops/counts.ts";
import { parameterShapes } from "../model/params.ts";
import { weightOf } from "./build.ts";
import { weightsAfter } from "./later.ts";
import { ownValues } from "./local.ts";
import type { Recording } from "./read.ts";
import { isQuick } from "./run.ts";
import type { StepOp } from "./stepOps.ts";
import { kindOf, stepsOf, type Step } from "./steps.ts";
import { tried, type Tried } from "./tried.ts";
import { fitsStep, isForward, varied } from "./varied.ts";
import { catalogue } from "./variants/catalogue.ts";
import type { Variant } from "./variants/variant.ts";

/** How each step is computed. */
type OpOf = (step: Step) => StepOp;

/** Multiply–adds of a forward pass up to which a variant is tried in parts of the network, hundreds of passes: seconds. */
const TINY = 2e7;

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
  if (anywhere || recording.batch * macs(recording.configuration.model) > TINY) return [new Set(taps)];
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

/** These results from the images on; of the optimiser the first step alone. */
async function wholeValues(engine: Engine, recording: Recording, names: readonly string[], opOf: OpOf): Promise<Leaves> {
  const pass = ownValues(engine, recording, opOf);
  /** Arrays of the pass under names of another kind. */
  const made = async (of: readonly string[], nameOf: (name: string) => string): Promise<Leaves> =>
    new Map(await Promise.all(of.map(async (name) => [name, await pass(nameOf(name))] as const)));
  if (!names.some((name) => name.startsWith(FIRST))) return made(names, (name) => name);

  const shapes = parameterShapes(recording.configuration.model);
  const grads = await made([...shapes.keys()], (name) => `grads/${name}`);
  const weights = new Map([...shapes].map(([name, shape]) => [name, weightOf(recording, name, shape)]));
  const after = await weightsAfter(engine, recording, [{ weights, grads }]);
  return new Map([...after].map(([name, value]) => [`${FIRST}${name}`, value] as const).filter(([name]) => names.includes(name)));
}

/** Each variant of the parts that lead to a result, in each network that has it. Nothing where that would take minutes. */
export async function tryUnseen(engine: Engine, recording: Recording, name: string): Promise<readonly Tried[]> {
  const [first, later] = [name.startsWith(FIRST), name.startsWith("after/")];
  if (!isQuick(recording) || (later && !first)) return [];
  const names = first ? [...recording.results.keys()].filter((other) => other.startsWith(FIRST)) : [name];
  const parts = partsBefore(name);
  const all: Tried[] = [];
  for (const variant of catalogue.filter(({ part }) => parts.includes(part)))
    for (const opOf of networksWith(variant, recording))
      all.push(tried(engine, recording, variant, await wholeValues(engine, recording, names, opOf)));
  return all;
}
