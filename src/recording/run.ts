/**
 * Computes again what a recording holds, with this project's own ops, from the images on: every tap, cotangent and gradient, and the weights after
 * each step.
 */
import { evaluate, type HostArray, type Leaves } from "../check/host.ts";
import type { Engine } from "../kernels/engine.ts";
import type { Kernels, Visitor } from "../kernels/kernels.ts";
import { macs } from "../laws/loops/counts.ts";
import { deitLogits, type DeitAttrs, type DeitInputs, type DeitParams, type DeitSaved } from "../model/deit.ts";
import { meanOfLogits } from "../model/fusion.ts";
import type { Logits } from "../model/heads.ts";
import { attention } from "../ops/attention.ts";
import { inference, observe, opened } from "../ops/observe.ts";
import type { Grads, Op } from "../ops/op.ts";
import { isTensor, type Shape, type Tensor } from "../tensor/tensor.ts";
import { named } from "../tensor/tree.ts";
import { objective, type LossAndCotangents } from "../train/objective.ts";
import { initialOptimizerState, optimise, type Optimised } from "../train/optimizer.ts";
import { goalOf, subjectOf, type Goal, type Subject } from "./build.ts";
import type { RecordedOptimizer } from "./configuration.ts";
import type { Recording } from "./read.ts";

/** The network, as defined or with rematerialised blocks. */
export type DeitOp<Saved> = Op<DeitInputs, Saved, DeitAttrs, Logits>;

/** Shown each computed tensor under its name in a recording. */
export type See = (name: string, t: Tensor) => void;

/** A tap is the output of the op at that path, its cotangent what the path's pullback is given. */
export function endToEnd(see: See): Visitor {
  const seeTensor = (name: string, value: unknown): void => {
    if (typeof value === "object" && value !== null && isTensor(value)) see(name, value);
  };
  return {
    before: (call) => {
      if (call.phase === "vjp") seeTensor(`cotangents/${call.path}`, call.dOut);
    },
    after: (call, out) => {
      if (call.phase === "forward") seeTensor(call.path === "loss" ? "loss" : `taps/${call.path}`, out);
    },
  };
}

/** The forward pass: both heads, their fusion and, towards a goal, the loss. */
function forwardAlone<Saved>(k: Kernels, model: DeitOp<Saved>, { inputs, attrs }: Subject, goal: Goal | null): void {
  const logits = model.forward(inference(k), inputs, attrs).out;
  towards(k, logits, goal);
}

/** Without a teacher the objective itself reads `logits`; else they are computed beside it. */
function towards(k: Kernels, logits: Logits, goal: Goal): LossAndCotangents;
function towards(k: Kernels, logits: Logits, goal: Goal | null): LossAndCotangents | null;
function towards(k: Kernels, logits: Logits, goal: Goal | null): LossAndCotangents | null {
  if (goal?.distillation.kind !== "none") meanOfLogits.forward(inference(k).at("logits"), logits);
  return goal === null ? null : objective(k, logits, goal.targets, goal.distillation);
}

/** One forward and backward pass. */
function gradients<Saved>(k: Kernels, model: DeitOp<Saved>, { inputs, attrs }: Subject, goal: Goal): Grads<DeitInputs> {
  return k.region("gradients", () => {
    const { out: logits, saved } = model.forward(k, inputs, attrs);
    return model.vjp(k, saved, towards(k, logits, goal).dLogits);
  });
}

const seeAll = (see: See, prefix: string, tree: unknown): void => {
  for (const [name, t] of named(tree)) see(`${prefix}/${name}`, t);
};

/** Where the optimiser starts. */
interface Start {
  readonly params: DeitParams;
  /** At `params`. */
  readonly grads: DeitParams;
}

/** The optimiser's steps, all on the same batch, each with the gradient at the weights after the step before. Consumes `start`. */
function optimiserSteps(
  k: Kernels,
  { lr: rates, ...settings }: RecordedOptimizer,
  start: Start,
  gradsAt: (params: DeitParams) => DeitParams,
  see: See,
): void {
  let state: Optimised<DeitParams> = { params: start.params, optimizer: initialOptimizerState(k, settings, start.params) };
  for (const [i, lr] of rates.entries()) {
    const grads = i === 0 ? start.grads : gradsAt(state.params);
    state = optimise(k, settings, { ...state, grads }, { lr, step: i + 1 });
    seeAll(see, `after/${i + 1}`, state.params);
  }
}

/** Taps inside attention, of which a fused kernel shows nothing. */
export const INSIDE_ATTENTION: RegExp = /\.attn\.(scores|probs)$/;

/** k that runs attention by its definition if one of these names looks inside. */
const showing = (k: Kernels, names: ReadonlySet<string>): Kernels =>
  [...names].some((name) => INSIDE_ATTENTION.test(name)) ? opened(k, attention) : k;

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

/** Multiply–adds of a forward pass up to which the reference engine may run the whole network more than once: seconds. */
const QUICK = 2e9;

export const isQuick = ({ batch, configuration }: Recording): boolean => batch * macs(configuration.model) <= QUICK;

/** The gradients of all parameters at these weights, by name. */
export function gradientsAt(engine: Engine, recording: Recording, weights: Leaves): Promise<Leaves> {
  return evaluate(engine, (k) => {
    const goal = goalOf(k, recording);
    if (goal === null) throw new RangeError("this recording has no loss");
    return gradients(k, deitLogits, subjectOf(k, recording, weights), goal).params;
  });
}
