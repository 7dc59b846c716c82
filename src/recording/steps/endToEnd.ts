/**
 * Computes taps, cotangents and gradients from the images on, by any list of steps, right or wrong. Each is computed when something needs it, and all
 * stay on the engine. (compute.ts does the same with the right network, run as a whole.)
 */
import { evaluate, type HostArray, type Leaves } from "../../check/host.ts";
import type { Engine } from "../../kernels/engine.ts";
import type { Kernels } from "../../kernels/kernels.ts";
import { parameterShapes } from "../../model/params.ts";
import type { Shape, Tensor } from "../../tensor/tensor.ts";
import { imagesOf, weightOf } from "./networkInputs.ts";
import type { Recording } from "../format/read.ts";
import { onPath } from "./readings.ts";
import { tapShapes } from "../format/tensorSpecs.ts";
import type { StepInputs } from "./stepOps.ts";
import type { Step } from "./steps.ts";

/** `make`, which computes the value for each name only once. */
function memoised<T>(make: (name: string) => T): (name: string) => T {
  const made = new Map<string, T>();
  return (name) => {
    const known = made.get(name);
    if (known !== undefined) return known;
    const value = make(name);
    made.set(name, value);
    return value;
  };
}

/** Values that a run takes as given instead of computing or reading them. */
export interface EndToEndInputs {
  /** Taps by name. */
  readonly taps?: Leaves;
  /** Parameters by name, instead of the recording's. */
  readonly weights?: Leaves;
}

/** Returns a function that gives tensors of a recording by name, as these steps compute them from the images on. */
function endToEndValues(
  k: Kernels,
  recording: Recording,
  steps: readonly Step[],
  { taps, weights }: EndToEndInputs,
): (name: string) => Tensor {
  const { model } = recording.configuration;
  const byTap = new Map(steps.map((step) => [step.tap, step]));
  const path = onPath(steps);
  const shapes = parameterShapes(model);
  const shapesOfTaps = tapShapes(model, recording.batch);
  const load = ({ shape, data }: HostArray): Tensor => k.upload(shape, data);

  const weight = memoised((name) => load(weights?.get(name) ?? weightOf(recording, name, shapes.get(name) ?? [])));
  const images = memoised(() => load(imagesOf(recording)));
  const inputsOf = (step: Step): StepInputs => ({ taps: step.reads.map(tap), weights: step.weights.map(weight) });

  const tap: (name: string) => Tensor = memoised((name) => {
    if (name === "images") return images(name);
    const known = taps?.get(name);
    if (known !== undefined) return load(known);
    const step = byTap.get(name);
    if (step === undefined) throw new RangeError(`no step makes ${name}`);
    return step.forward(k, inputsOf(step));
  });

  const vjpOfStep: (tap: string) => StepInputs = memoised((name) => {
    const step = byTap.get(name);
    if (step === undefined) throw new RangeError(`no step makes ${name}`);
    return step.vjp(k, inputsOf(step), cotangent(name));
  });
  const sum = (parts: readonly Tensor[], shape: Shape): Tensor =>
    parts.length === 0 ? k.zeros(shape) : parts.reduce((total, part) => k.add(total, part));
  const partsOf = (read: string): readonly Tensor[] =>
    path.flatMap((step) => step.reads.flatMap((other, i) => (other === read ? (vjpOfStep(step.tap).taps[i] ?? []) : [])));
  const cotangent: (name: string) => Tensor = memoised((name) =>
    name === "loss" ? k.upload([], [1]) : sum(partsOf(name), shapesOfTaps.get(name) ?? []),
  );
  const gradient = (name: string): Tensor => {
    if (name === "images") return sum(partsOf(name), images(name).shape);
    const parts = path.flatMap((step) =>
      step.weights.flatMap((other, i) => (other === name ? (vjpOfStep(step.tap).weights[i] ?? []) : [])),
    );
    return sum(parts, shapes.get(name) ?? []);
  };

  return (name) => {
    if (name === "loss") return tap(name);
    const of = name.slice(name.indexOf("/") + 1);
    return name.startsWith("taps/") ? tap(of) : name.startsWith("cotangents/") ? cotangent(of) : gradient(of);
  };
}

/** Computes these taps, cotangents, gradients, or the loss, by these steps. No tensor stays alive on the engine. */
export async function computeEndToEnd(
  engine: Engine,
  recording: Recording,
  steps: readonly Step[],
  names: readonly string[],
  given: EndToEndInputs = {},
): Promise<Leaves> {
  if (names.length === 0) return new Map();
  return evaluate(engine, (k) => {
    const valueOf = endToEndValues(k, recording, steps, given);
    return Object.fromEntries(names.map((name) => [name, valueOf(name)]));
  });
}
