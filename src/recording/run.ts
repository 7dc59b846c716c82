/**
 * Computes again what a recording holds, with this project's own ops: every tap, cotangent and gradient, and the weights after each step.
 *
 * This is the reading end to end, from the images on. A local reading starts each step from the recording's own values: the same run under
 * `{ ...endToEnd(see), replace }`, where `replace` gives the recorded tap (forward) or cotangent (vjp) of the call's path.
 */
import type { HostArray } from "../check/host.ts";
import type { Engine } from "../kernels/engine.ts";
import type { Kernels, Visitor } from "../kernels/kernels.ts";
import { deitLogits, type DeitAttrs, type DeitInputs, type DeitParams, type DeitSaved } from "../model/deit.ts";
import { meanOfLogits } from "../model/fusion.ts";
import type { Logits } from "../model/heads.ts";
import { attention } from "../ops/attention.ts";
import { inference, observe, opened } from "../ops/observe.ts";
import type { Grads, Op } from "../ops/op.ts";
import { isTensor, type Tensor } from "../tensor/tensor.ts";
import { named } from "../tensor/tree.ts";
import { objective } from "../train/objective.ts";
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

/** Evaluation alone. */
function predict<Saved>(k: Kernels, model: DeitOp<Saved>, { inputs, attrs }: Subject): void {
  const quiet = inference(k);
  meanOfLogits.forward(quiet.at("logits"), model.forward(quiet, inputs, attrs).out);
}

/** One forward and backward pass. Without a teacher the objective itself reads `logits`; with one they are computed beside it. */
function gradients<Saved>(k: Kernels, model: DeitOp<Saved>, { inputs, attrs }: Subject, goal: Goal): Grads<DeitInputs> {
  return k.region("gradients", () => {
    const { out: logits, saved } = model.forward(k, inputs, attrs);
    if (goal.distillation.kind !== "none") meanOfLogits.forward(inference(k).at("logits"), logits);
    const { dLogits } = objective(k, logits, goal.targets, goal.distillation);
    return model.vjp(k, saved, dLogits);
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

/** k that runs attention by its definition if the recording looks inside. */
const showing = (k: Kernels, { results }: Recording): Kernels =>
  [...results.keys()].some((name) => INSIDE_ATTENTION.test(name)) ? opened(k, attention) : k;

function run<Saved>(given: Kernels, recording: Recording, model: DeitOp<Saved>, see: See): void {
  const k = showing(given, recording);
  const { optimizer } = recording.configuration;
  const { inputs, attrs } = subjectOf(k, recording);
  const goal = goalOf(k, recording);
  const watched = observe(k, endToEnd(see));
  if (goal === null) return predict(watched, model, { inputs, attrs });

  const { images, params: grads } = gradients(watched, model, { inputs, attrs }, goal);
  seeAll(see, "grads", { images, ...grads });
  const gradsAt = (params: DeitParams): DeitParams => gradients(k, model, { inputs: { ...inputs, params }, attrs }, goal).params;
  if (optimizer !== null) optimiserSteps(k, optimizer, { params: inputs.params, grads }, gradsAt, see);
}

async function compute<Saved>(engine: Engine, recording: Recording, model: DeitOp<Saved>): Promise<ReadonlyMap<string, HostArray>> {
  const reads = new Map<string, Promise<HostArray>>();
  const see: See = (name, t) => {
    if (!recording.results.has(name)) return;
    if (reads.has(name)) throw new Error(`computeRecording: ${name} is computed twice`);
    reads.set(
      name,
      engine.read(t).then((data) => ({ shape: t.shape, data: Float64Array.from(data) })),
    );
  };
  engine.kernels.region("recording", () => {
    run(engine.kernels, recording, model, see);
    return null;
  });
  const missing = [...recording.results.keys()].find((name) => !reads.has(name));
  if (missing !== undefined) throw new Error(`computeRecording: nothing computes ${missing}`);
  return new Map(await Promise.all([...reads].map(async ([name, read]) => [name, await read] as const)));
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
  return model === undefined ? compute(engine, recording, deitLogits) : compute(engine, recording, model);
}
