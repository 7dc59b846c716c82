/**
 * Computes what a recording holds with the right network, this project's own, from the images on: taps, cotangents, gradients, and the weights after each
 * step of the optimiser.
 */
import { evaluate, type HostArray, type Leaves } from "../../check/host.ts";
import type { Engine } from "../../kernels/engine.ts";
import type { Kernels } from "../../kernels/kernels.ts";
import { macs } from "../../laws/loops/counts.ts";
import { deitLogits, type DeitParams, type DeitSaved } from "../../model/deit.ts";
import { attention } from "../../ops/attention.ts";
import { observe, withoutFusion } from "../../ops/observe.ts";
import type { Shape } from "../../tensor/tensor.ts";
import { lossInputsOf, networkInputsOf } from "./networkInputs.ts";
import { tensorVisitor, forwardPass, gradients, optimiserSteps, visitAll, type DeitOp, type OnTensor } from "./passes.ts";
import type { Recording } from "../format/read.ts";

/** Taps inside attention, which a fused kernel does not output. */
export const INSIDE_ATTENTION: RegExp = /\.attn\.(scores|probs)$/;

/** k, which runs attention by its definition if one of these names is a tap inside it. */
const kernelsShowing = (k: Kernels, names: ReadonlySet<string>): Kernels =>
  [...names].some((name) => INSIDE_ATTENTION.test(name)) ? withoutFusion(k, attention) : k;

/** Whether one of these names is of one of these kinds. */
const anyOf = (names: ReadonlySet<string>, ...kinds: readonly string[]): boolean =>
  [...names].some((name) => kinds.some((kind) => name.startsWith(`${kind}/`)));

function run<Saved>(k: Kernels, recording: Recording, model: DeitOp<Saved>, see: OnTensor, names: ReadonlySet<string>): void {
  const { optimizer } = recording.configuration;
  const { inputs, attrs } = networkInputsOf(k, recording);
  const lossInputs = lossInputsOf(k, recording);
  const watched = observe(k, tensorVisitor(see));
  if (lossInputs === null || !anyOf(names, "cotangents", "grads", "after"))
    return forwardPass(watched, model, { inputs, attrs }, lossInputs);

  const { images, params: grads } = gradients(watched, model, { inputs, attrs }, lossInputs);
  visitAll(see, "grads", { images, ...grads });
  const gradsAt = (params: DeitParams): DeitParams => gradients(k, model, { inputs: { ...inputs, params }, attrs }, lossInputs).params;
  if (optimizer !== null && anyOf(names, "after")) optimiserSteps(k, optimizer, { params: inputs.params, grads }, gradsAt, see);
}

/** A tensor as read from an engine, in the engine's precision. */
export interface Delivered {
  readonly shape: Shape;
  readonly data: Float64Array | Float32Array;
}

/**
 * Computes these results, each from the images on, in the order of the computation. No tensor stays alive on the engine.
 *
 * @param model the network, as `deitLogits` or a variation of it
 */
export async function deliverTensors<Saved>(
  engine: Engine,
  recording: Recording,
  names: ReadonlySet<string>,
  model: DeitOp<Saved>,
): Promise<ReadonlyMap<string, Delivered>> {
  if (names.size === 0) return new Map();
  const reads = new Map<string, Promise<Delivered>>();
  const see: OnTensor = (name, t) => {
    if (!names.has(name)) return;
    if (reads.has(name)) throw new Error(`deliverTensors: ${name} is computed twice`);
    reads.set(
      name,
      engine.read(t).then((data) => ({ shape: t.shape, data })),
    );
  };
  const k = kernelsShowing(engine.kernels, names);
  k.region("recording", () => {
    run(k, recording, model, see, names);
    return null;
  });
  const missing = [...names].find((name) => !reads.has(name));
  if (missing !== undefined) throw new Error(`deliverTensors: nothing computes ${missing}`);
  return new Map(await Promise.all([...reads].map(async ([name, read]) => [name, await read] as const)));
}

/** The tensor in f64. */
export const widened = ({ shape, data }: Delivered): HostArray => ({ shape, data: Float64Array.from(data) });

/** `deliverTensors`, with the results in f64. */
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
 * Computes every result that the recording holds, by name, in the order of the computation. No tensor stays alive on the engine.
 *
 * @param model the network; default `deitLogits`
 */
export function computeRecording<Saved = DeitSaved>(
  engine: Engine,
  recording: Recording,
  model?: DeitOp<Saved>,
): Promise<ReadonlyMap<string, HostArray>> {
  const names = new Set(recording.results.keys());
  return model === undefined ? computeTensors(engine, recording, names, deitLogits) : computeTensors(engine, recording, names, model);
}

/** Multiply–adds of a forward pass up to which the reference engine runs the whole network a few times (QUICK), or hundreds of times (TINY), in seconds. */
const [QUICK, TINY] = [2e9, 2e7];

const forwardMacs = ({ batch, configuration }: Recording): number => batch * macs(configuration.model);

/** Whether the reference engine runs the whole network a few times within seconds. */
export const isQuick = (recording: Recording): boolean => forwardMacs(recording) <= QUICK;
/** Whether the reference engine runs the whole network hundreds of times within seconds. */
export const isTiny = (recording: Recording): boolean => forwardMacs(recording) <= TINY;

/** Computes the gradients of all parameters at these weights, by name. */
export function gradientsAt(engine: Engine, recording: Recording, weights: Leaves): Promise<Leaves> {
  return evaluate(engine, (k) => {
    const lossInputs = lossInputsOf(k, recording);
    if (lossInputs === null) throw new RangeError("this recording has no loss");
    return gradients(k, deitLogits, networkInputsOf(k, recording, weights), lossInputs).params;
  });
}
