/**
 * Where the tensors before the first wrong one are not in the file, the wrong step may be any of those that lead there. So each variant is tried in the
 * whole network: at all steps that it fits, then at each of them alone.
 */
import type { Engine } from "../kernels/engine.ts";
import { macs } from "../laws/loops/counts.ts";
import { parameterShapes } from "../model/params.ts";
import { weightOf } from "./build.ts";
import { weightsAfter } from "./later.ts";
import { ownValues, type Values } from "./local.ts";
import type { Recording } from "./read.ts";
import { isQuick } from "./run.ts";
import type { StepOp } from "./stepOps.ts";
import { stepsOf, type Step } from "./steps.ts";
import { tried, type Tried } from "./tried.ts";
import { fitsStep, isForward, varied } from "./varied.ts";
import { catalogue } from "./variants/catalogue.ts";
import type { Variant } from "./variants/variant.ts";

/** How each step is computed. */
type OpOf = (step: Step) => StepOp;

/** Multiply–adds of a forward pass up to which a variant is tried at each step alone, hundreds of passes: seconds. */
const TINY = 2e7;

/** The parts of a training step that lie before a result. */
function partsBefore(name: string): readonly Variant["part"][] {
  if (name === "loss") return ["forward", "loss"];
  return isForward({ name }) ? ["forward"] : ["forward", "loss", "backward"];
}

/** The network with the variant at all steps that it fits, and with it at one of them. */
function networksWith(variant: Variant, recording: Recording): readonly OpOf[] {
  const wrong = varied(variant, recording, true);
  const places = stepsOf(recording).filter(({ tap }) => fitsStep(variant, tap));
  const everywhere = places.length === 1 || (variant.part === "backward" && variant.steps === null);
  if (everywhere || recording.batch * macs(recording.configuration.model) > TINY) return [wrong];
  return [
    wrong,
    ...places.map(
      ({ tap }) =>
        (step: Step): StepOp =>
          step.tap === tap ? wrong(step) : step,
    ),
  ];
}

/** Values from the images on; of the optimiser the first step alone. */
function wholeValues(engine: Engine, recording: Recording, opOf: OpOf): Values {
  const pass = ownValues(engine, recording, opOf);
  const shapes = [...parameterShapes(recording.configuration.model)];
  const after = async (): ReturnType<typeof weightsAfter> => {
    const grads = await Promise.all(shapes.map(async ([name]) => [name, await pass(`grads/${name}`)] as const));
    const weights = new Map(shapes.map(([name, shape]) => [name, weightOf(recording, name, shape)]));
    return weightsAfter(engine, recording, [{ weights, grads: new Map(grads) }]);
  };
  return async (name) => {
    if (!name.startsWith("after/1/")) return pass(name);
    const value = (await after()).get(name.slice("after/1/".length));
    if (value === undefined) throw new RangeError(`no step makes ${name}`);
    return value;
  };
}

/** Each variant of the parts that lead to a result, in each network that has it. Nothing where that would take minutes. */
export async function tryUnseen(engine: Engine, recording: Recording, name: string): Promise<readonly Tried[]> {
  if (!isQuick(recording) || /^after\/(?!1\/)/.test(name)) return [];
  const parts = partsBefore(name);
  const all: Tried[] = [];
  for (const variant of catalogue.filter(({ part }) => parts.includes(part)))
    for (const opOf of networksWith(variant, recording)) {
      const value = await wholeValues(engine, recording, opOf)(name);
      all.push(tried(engine, recording, variant, new Map([[name, value]])));
    }
  return all;
}
