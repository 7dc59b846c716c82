/** One reading by itself: what its steps make of given values, forward or undone. */
import { evaluate, evaluateOne, upload, type HostArray } from "../../check/host.ts";
import type { Engine } from "../../kernels/engine.ts";
import type { Kernels } from "../../kernels/kernels.ts";
import { parameterShapes } from "../../model/params.ts";
import { imagesOf, weightOf } from "./build.ts";
import { isForward, type Reading } from "./readings.ts";
import type { Recording } from "../format/read.ts";
import { slotsOf } from "../format/slots.ts";
import type { StepInputs } from "./stepOps.ts";
import type { Step } from "./steps.ts";
import { size, type Shape } from "../../tensor/tensor.ts";

/** Taps and cotangents by the names that they have in a file. */
export type Values = (name: string) => Promise<HostArray>;

interface HostInputs {
  readonly taps: readonly HostArray[];
  readonly weights: readonly HostArray[];
}

/** Undone steps that are kept: a cotangent waits for the last of its readers, which is less than two blocks of steps away. */
const RECENT = 24;

/** Element by element; zeros where there is nothing to add. */
function sum(parts: readonly HostArray[], shape: Shape): HostArray {
  const [first, ...others] = parts;
  if (first === undefined) return { shape, data: new Float64Array(size(shape)) };
  return others.reduce(({ shape, data }, part) => ({ shape, data: data.map((x, i) => x + (part.data[i] ?? NaN)) }), first);
}

/** Computes readings from `values` on an engine, each by its own steps. */
export function localRun(engine: Engine, recording: Recording, values: Values): (reading: Reading) => Promise<HostArray> {
  const shapes = parameterShapes(recording.configuration.model);
  const slots = slotsOf(recording.configuration, recording.batch);
  const undone = new Map<Step, Promise<HostInputs>>();

  const inputsOf = async ({ reads, weights }: Step): Promise<HostInputs> => ({
    taps: await Promise.all(reads.map(async (read) => (read === "images" ? imagesOf(recording) : values(`taps/${read}`)))),
    weights: weights.map((name) => weightOf(recording, name, shapes.get(name) ?? [])),
  });
  const loaded = (k: Kernels, inputs: HostInputs): StepInputs => upload<StepInputs>(k, inputs);
  const forward = async (step: Step): Promise<HostArray> => {
    const inputs = await inputsOf(step);
    return evaluateOne(engine, (k) => step.forward(k, loaded(k, inputs)));
  };

  async function undo(step: Step): Promise<HostInputs> {
    const inputs = await inputsOf(step);
    const dOut = step.tap === "loss" ? { shape: [], data: Float64Array.of(1) } : await values(`cotangents/${step.tap}`);
    const leaves = await evaluate(engine, (k) => step.pullback(k, loaded(k, inputs), k.upload(dOut.shape, dOut.data)));
    const part = (name: string): HostArray => {
      const found = leaves.get(name);
      if (found === undefined) throw new RangeError(`undoing ${step.tap} gives no ${name}`);
      return found;
    };
    return { taps: step.reads.map((_, i) => part(`taps.${i}`)), weights: step.weights.map((_, i) => part(`weights.${i}`)) };
  }

  function undoneOnce(step: Step): Promise<HostInputs> {
    const known = undone.get(step);
    if (known !== undefined) return known;
    const parts = undo(step);
    undone.set(step, parts);
    for (const old of [...undone.keys()].slice(0, -RECENT)) undone.delete(old);
    return parts;
  }

  return async ({ name, steps }) => {
    const [first] = steps;
    if (first !== undefined && isForward(name)) return forward(first);
    const parts: HostArray[] = [];
    for (const step of steps) {
      const { taps, weights } = await undoneOnce(step);
      const wanted = name === "grads/images" ? "images" : name.slice(name.indexOf("/") + 1);
      const part =
        name.startsWith("cotangents/") || wanted === "images" ? taps[step.reads.indexOf(wanted)] : weights[step.weights.indexOf(wanted)];
      if (part !== undefined) parts.push(part);
    }
    return sum(parts, slots.get(name)?.shape ?? []);
  };
}
