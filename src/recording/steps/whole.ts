/** A hypothesis from the images on: taps, cotangents and gradients, each made when it is asked for, all on the engine. */
import { evaluate, type HostArray, type Leaves } from "../../check/host.ts";
import type { Engine } from "../../kernels/engine.ts";
import type { Kernels } from "../../kernels/kernels.ts";
import { parameterShapes } from "../../model/params.ts";
import type { Shape, Tensor } from "../../tensor/tensor.ts";
import { imagesOf, weightOf } from "./build.ts";
import type { Recording } from "../format/read.ts";
import { onPath } from "./readings.ts";
import { tapShapes } from "../format/slots.ts";
import type { StepInputs } from "./stepOps.ts";
import type { Step } from "./steps.ts";

/** Makes each tensor of a kind once. */
function once<T>(make: (name: string) => T): (name: string) => T {
  const made = new Map<string, T>();
  return (name) => {
    const known = made.get(name);
    if (known !== undefined) return known;
    const value = make(name);
    made.set(name, value);
    return value;
  };
}

/** What a run takes as given instead of computing it. */
export interface Given {
  /** Taps. */
  readonly taps?: Leaves;
  /** Parameters in the place of the recording's. */
  readonly weights?: Leaves;
}

/** Tensors of a recording by name, as these steps make them from the images on. */
function madeBy(k: Kernels, recording: Recording, steps: readonly Step[], { taps, weights }: Given): (name: string) => Tensor {
  const { model } = recording.configuration;
  const byTap = new Map(steps.map((step) => [step.tap, step]));
  const path = onPath(steps);
  const shapes = parameterShapes(model);
  const shapesOfTaps = tapShapes(model, recording.batch);
  const load = ({ shape, data }: HostArray): Tensor => k.upload(shape, data);

  const weight = once((name) => load(weights?.get(name) ?? weightOf(recording, name, shapes.get(name) ?? [])));
  const images = once(() => load(imagesOf(recording)));
  const inputsOf = (step: Step): StepInputs => ({ taps: step.reads.map(tap), weights: step.weights.map(weight) });

  const tap: (name: string) => Tensor = once((name) => {
    if (name === "images") return images(name);
    const known = taps?.get(name);
    if (known !== undefined) return load(known);
    const step = byTap.get(name);
    if (step === undefined) throw new RangeError(`no step makes ${name}`);
    return step.forward(k, inputsOf(step));
  });

  const undone: (name: string) => StepInputs = once((name) => {
    const step = byTap.get(name);
    if (step === undefined) throw new RangeError(`no step makes ${name}`);
    return step.pullback(k, inputsOf(step), cotangent(name));
  });
  const sum = (parts: readonly Tensor[], shape: Shape): Tensor =>
    parts.length === 0 ? k.zeros(shape) : parts.reduce((total, part) => k.add(total, part));
  const partsOf = (read: string): readonly Tensor[] =>
    path.flatMap((step) => step.reads.flatMap((other, i) => (other === read ? (undone(step.tap).taps[i] ?? []) : [])));
  const cotangent: (name: string) => Tensor = once((name) =>
    name === "loss" ? k.upload([], [1]) : sum(partsOf(name), shapesOfTaps.get(name) ?? []),
  );
  const gradient = (name: string): Tensor => {
    if (name === "images") return sum(partsOf(name), images(name).shape);
    const parts = path.flatMap((step) => step.weights.flatMap((other, i) => (other === name ? (undone(step.tap).weights[i] ?? []) : [])));
    return sum(parts, shapes.get(name) ?? []);
  };

  return (name) => {
    if (name === "loss") return tap(name);
    const of = name.slice(name.indexOf("/") + 1);
    return name.startsWith("taps/") ? tap(of) : name.startsWith("cotangents/") ? cotangent(of) : gradient(of);
  };
}

/** These taps, cotangents and gradients, and the loss; nothing stays alive on the engine. */
export async function computeUnder(
  engine: Engine,
  recording: Recording,
  steps: readonly Step[],
  names: readonly string[],
  given: Given = {},
): Promise<Leaves> {
  if (names.length === 0) return new Map();
  return evaluate(engine, (k) => {
    const made = madeBy(k, recording, steps, given);
    return Object.fromEntries(names.map((name) => [name, made(name)]));
  });
}
