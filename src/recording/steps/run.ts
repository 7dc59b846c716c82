/**
 * Computes again what a recording holds, with this project's own ops, from the images on: every tap, cotangent and gradient, and the weights after
 * each step.
 */
import { evaluate, type HostArray, type Leaves } from "../../check/host.ts";
import type { Engine } from "../../kernels/engine.ts";
import type { Kernels } from "../../kernels/kernels.ts";
import { macs } from "../../laws/loops/counts.ts";
import { deitLogits, type DeitParams, type DeitSaved } from "../../model/deit.ts";
import { attention } from "../../ops/attention.ts";
import { observe, withoutFusion } from "../../ops/observe.ts";
import type { Shape } from "../../tensor/tensor.ts";
import { goalOf, subjectOf } from "./build.ts";
import { endToEnd, forwardAlone, gradients, optimiserSteps, seeAll, type DeitOp, type See } from "./passes.ts";
import type { Recording } from "../format/read.ts";

/** Taps inside attention, of which a fused kernel shows nothing. */
export const INSIDE_ATTENTION: RegExp = /\.attn\.(scores|probs)$/;

/** k that runs attention by its definition if one of these names looks inside. */
const showing = (k: Kernels, names: ReadonlySet<string>): Kernels =>
  [...names].some((name) => INSIDE_ATTENTION.test(name)) ? withoutFusion(k, attention) : k;

/** Whether one of these names needs the backward pass, or the optimiser. */
const anyOf = (names: ReadonlySet<string>, ...kinds: readonly string[]): boolean =>
  [...names].some((name) => kinds.some((kind) => name.startsWith(`${kind}/`)));

function run<Saved>(k: Kernels, recording: Recording, model: DeitOp<Saved>, see: See, names: ReadonlySet<string>): void {
  const { optimizer } = recording.configuration;
  const { inputs, attrs } = subjectOf(k, recording);
  const goal = goalOf(k, recording);
  const watched = observe(k, endToEnd(see));
  if (goal === null || !anyOf(names, "cotangents", "grads", "after")) return forwardAlone(watched, model, { inputs, attrs }, goal);

  const { images, params: grads } = gradients(watched, model, { inputs, attrs }, goal);
  seeAll(see, "grads", { images, ...grads });
  const gradsAt = (params: DeitParams): DeitParams => gradients(k, model, { inputs: { ...inputs, params }, attrs }, goal).params;
  if (optimizer !== null && anyOf(names, "after")) optimiserSteps(k, optimizer, { params: inputs.params, grads }, gradsAt, see);
}

/** A tensor as an engine delivers it, in its own precision. */
export interface Delivered {
  readonly shape: Shape;
  readonly data: Float64Array | Float32Array;
}

/**
 * These results, each from the images on, in the order of the computation. Nothing stays alive on the engine.
 *
 * @param model the network that computes
 */
export async function deliverTensors<Saved>(
  engine: Engine,
  recording: Recording,
  names: ReadonlySet<string>,
  model: DeitOp<Saved>,
): Promise<ReadonlyMap<string, Delivered>> {
  if (names.size === 0) return new Map();
  const reads = new Map<string, Promise<Delivered>>();
  const see: See = (name, t) => {
    if (!names.has(name)) return;
    if (reads.has(name)) throw new Error(`deliverTensors: ${name} is computed twice`);
    reads.set(
      name,
      engine.read(t).then((data) => ({ shape: t.shape, data })),
    );
  };
  const k = showing(engine.kernels, names);
  k.region("recording", () => {
    run(k, recording, model, see, names);
    return null;
  });
  const missing = [...names].find((name) => !reads.has(name));
  if (missing !== undefined) throw new Error(`deliverTensors: nothing computes ${missing}`);
  return new Map(await Promise.all([...reads].map(async ([name, read]) => [name, await read] as const)));
}

/** The same as numbers in f64. */
export const widened = ({ shape, data }: Delivered): HostArray => ({ shape, data: Float64Array.from(data) });

/** `deliverTensors`, all of them in f64. */
export async function computeTensors<Saved>(
  engine: Engine,
  recording: Recording,
  names: ReadonlySet<string>,
  model: DeitOp<Saved>,
): Promise<ReadonlyMap<string, HostArray>> {
  const delivered = await deliverTensors(engine, recording, names, model);
  return new Map([...delivered].map(([name, tensor]) => [name, widened(tensor)]));
}

/**
 * Every result that the recording holds, by its name, in the order of the computation. Nothing stays alive on the engine.
 *
 * @param model the network that computes; default `deitLogits`
 */
export function computeRecording<Saved = DeitSaved>(
  engine: Engine,
  recording: Recording,
  model?: DeitOp<Saved>,
): Promise<ReadonlyMap<string, HostArray>> {
  const names = new Set(recording.results.keys());
  return model === undefined ? computeTensors(engine, recording, names, deitLogits) : computeTensors(engine, recording, names, model);
}

/** Multiply–adds of a forward pass up to which the reference engine may run the whole network a few times, and hundreds of times: seconds. */
const [QUICK, TINY] = [2e9, 2e7];

const forwardMacs = ({ batch, configuration }: Recording): number => batch * macs(configuration.model);

export const isQuick = (recording: Recording): boolean => forwardMacs(recording) <= QUICK;
export const isTiny = (recording: Recording): boolean => forwardMacs(recording) <= TINY;

/** The gradients of all parameters at these weights, by name. */
export function gradientsAt(engine: Engine, recording: Recording, weights: Leaves): Promise<Leaves> {
  return evaluate(engine, (k) => {
    const goal = goalOf(k, recording);
    if (goal === null) throw new RangeError("this recording has no loss");
    return gradients(k, deitLogits, subjectOf(k, recording, weights), goal).params;
  });
}
