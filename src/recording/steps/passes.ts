/** A forward pass, a backward pass and the optimiser's steps of a recording, shown tensor by tensor under the format's names. */
import type { Kernels, Visitor } from "../../kernels/kernels.ts";
import type { DeitAttrs, DeitInputs, DeitParams } from "../../model/deit.ts";
import { meanOfLogits } from "../../model/fusion.ts";
import type { Logits } from "../../model/heads.ts";
import { inference } from "../../ops/observe.ts";
import type { Grads, Op } from "../../ops/op.ts";
import { isTensor, type Tensor } from "../../tensor/tensor.ts";
import { named } from "../../tensor/tree.ts";
import { objective, type LossAndCotangents } from "../../train/step/objective.ts";
import { initialOptimizerState, optimise, type Optimised } from "../../train/optimizer/optimizer.ts";
import type { Goal, Subject } from "./build.ts";
import type { RecordedOptimizer } from "../format/configuration.ts";

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
export function forwardAlone<Saved>(k: Kernels, model: DeitOp<Saved>, { inputs, attrs }: Subject, goal: Goal | null): void {
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
export function gradients<Saved>(k: Kernels, model: DeitOp<Saved>, { inputs, attrs }: Subject, goal: Goal): Grads<DeitInputs> {
  return k.region("gradients", () => {
    const { out: logits, saved } = model.forward(k, inputs, attrs);
    return model.vjp(k, saved, towards(k, logits, goal).dLogits);
  });
}

export const seeAll = (see: See, prefix: string, tree: unknown): void => {
  for (const [name, t] of named(tree)) see(`${prefix}/${name}`, t);
};

/** Where the optimiser starts. */
interface Start {
  readonly params: DeitParams;
  /** At `params`. */
  readonly grads: DeitParams;
}

/** The optimiser's steps, all on the same batch, each with the gradient at the weights after the step before. Consumes `start`. */
export function optimiserSteps(
  k: Kernels,
  { lr: rates, ...settings }: RecordedOptimizer,
  start: Start,
  gradsAt: (params: DeitParams) => DeitParams,
  see: See,
): void {
  let state: Optimised<DeitParams> = { params: start.params, optimizer: initialOptimizerState(k, settings, start.params) };
  for (const [i, lr] of rates.entries()) {
    const grads = i === 0 ? start.grads : gradsAt(state.params);
    state = optimise(k, settings, { ...state, grads, finite: null, skipped: null }, { lr, step: i + 1 });
    seeAll(see, `after/${i + 1}`, state.params);
  }
}
