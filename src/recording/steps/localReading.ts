/** Computes one tensor of a recording locally: from given values of what its steps read, by those steps' forward pass or their VJP. */
import { evaluate, evaluateOne, upload, type HostArray } from "../../check/host.ts";
import type { Engine } from "../../kernels/engine.ts";
import type { Kernels } from "../../kernels/kernels.ts";
import { parameterShapes } from "../../model/params.ts";
import { imagesOf, weightOf } from "./networkInputs.ts";
import { isForward, type Reading } from "./readings.ts";
import type { Recording } from "../format/read.ts";
import { tensorSpecsOf } from "../format/tensorSpecs.ts";
import type { StepInputs } from "./stepOps.ts";
import type { Step } from "./steps.ts";
import { size, type Shape } from "../../tensor/tensor.ts";

/** Gives taps and cotangents by the names that they have in a file. */
export type Values = (name: string) => Promise<HostArray>;

interface HostInputs {
  readonly taps: readonly HostArray[];
  readonly weights: readonly HostArray[];
}

/** How many steps' VJPs are kept: the readers of one tap, whose VJPs add up to its cotangent, are less than two blocks of steps apart. */
const RECENT = 24;

/** The sum, element by element; zeros if there are no parts. */
function sum(parts: readonly HostArray[], shape: Shape): HostArray {
  const [first, ...others] = parts;
  if (first === undefined) return { shape, data: new Float64Array(size(shape)) };
  return others.reduce(({ shape, data }, part) => ({ shape, data: data.map((x, i) => x + (part.data[i] ?? NaN)) }), first);
}

/** Returns a function that computes readings from `values` on an engine, each by its own steps alone. */
export function localReader(engine: Engine, recording: Recording, values: Values): (reading: Reading) => Promise<HostArray> {
  const shapes = parameterShapes(recording.configuration.model);
  const specs = tensorSpecsOf(recording.configuration, recording.batch);
  const vjps = new Map<Step, Promise<HostInputs>>();

  const inputsOf = async ({ reads, weights }: Step): Promise<HostInputs> => ({
    taps: await Promise.all(reads.map(async (read) => (read === "images" ? imagesOf(recording) : values(`taps/${read}`)))),
    weights: weights.map((name) => weightOf(recording, name, shapes.get(name) ?? [])),
  });
  const loaded = (k: Kernels, inputs: HostInputs): StepInputs => upload<StepInputs>(k, inputs);
  const forward = async (step: Step): Promise<HostArray> => {
    const inputs = await inputsOf(step);
    return evaluateOne(engine, (k) => step.forward(k, loaded(k, inputs)));
  };

  async function vjp(step: Step): Promise<HostInputs> {
    const inputs = await inputsOf(step);
    const dOut = step.tap === "loss" ? { shape: [], data: Float64Array.of(1) } : await values(`cotangents/${step.tap}`);
    const leaves = await evaluate(engine, (k) => step.vjp(k, loaded(k, inputs), k.upload(dOut.shape, dOut.data)));
    const part = (name: string): HostArray => {
      const found = leaves.get(name);
      if (found === undefined) throw new RangeError(`the vjp of ${step.tap} gives no ${name}`);
      return found;
    };
    return { taps: step.reads.map((_, i) => part(`taps.${i}`)), weights: step.weights.map((_, i) => part(`weights.${i}`)) };
  }

  function keptVjp(step: Step): Promise<HostInputs> {
    const known = vjps.get(step);
    if (known !== undefined) return known;
    const parts = vjp(step);
    vjps.set(step, parts);
    for (const old of [...vjps.keys()].slice(0, -RECENT)) vjps.delete(old);
    return parts;
  }

  return async ({ name, steps }) => {
    const [first] = steps;
    if (first !== undefined && isForward(name)) return forward(first);
    const parts: HostArray[] = [];
    for (const step of steps) {
      const { taps, weights } = await keptVjp(step);
      const wanted = name === "grads/images" ? "images" : name.slice(name.indexOf("/") + 1);
      const part =
        name.startsWith("cotangents/") || wanted === "images" ? taps[step.reads.indexOf(wanted)] : weights[step.weights.indexOf(wanted)];
      if (part !== undefined) parts.push(part);
    }
    return sum(parts, specs.get(name)?.shape ?? []);
  };
}
