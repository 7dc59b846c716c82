/** Runs the forward pass, the backward pass and the optimiser's steps of a recording, and reports every tensor under its name in the format. */
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
import type { LossInputs, NetworkInputs } from "./networkInputs.ts";
import type { RecordedOptimizer } from "../format/configuration.ts";

/** The network, as defined or with rematerialised blocks. */
export type DeitOp<Saved> = Op<DeitInputs, Saved, DeitAttrs, Logits>;

/** Called with each computed tensor and its name in a recording. */
export type OnTensor = (name: string, t: Tensor) => void;

/** A visitor that reports taps and cotangents: a tap is the output of the op at that path, its cotangent what the op's vjp takes. */
export function tensorVisitor(see: OnTensor): Visitor {
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

/** Runs the forward pass: both heads, their fusion and, given its inputs, the loss. */
export function forwardPass<Saved>(
  k: Kernels,
  model: DeitOp<Saved>,
  { inputs, attrs }: NetworkInputs,
  lossInputs: LossInputs | null,
): void {
  const logits = model.forward(inference(k), inputs, attrs).out;
  objectiveOf(k, logits, lossInputs);
}

/** Computes the loss and the evaluation output `logits`. Without a teacher the objective itself computes `logits`; otherwise they are computed here. */
function objectiveOf(k: Kernels, logits: Logits, lossInputs: LossInputs): LossAndCotangents;
function objectiveOf(k: Kernels, logits: Logits, lossInputs: LossInputs | null): LossAndCotangents | null;
function objectiveOf(k: Kernels, logits: Logits, lossInputs: LossInputs | null): LossAndCotangents | null {
  if (lossInputs?.distillation.kind !== "none") meanOfLogits.forward(inference(k).at("logits"), logits);
  return lossInputs === null ? null : objective(k, logits, lossInputs.targets, lossInputs.distillation);
}

/** Runs one forward and one backward pass. */
export function gradients<Saved>(
  k: Kernels,
  model: DeitOp<Saved>,
  { inputs, attrs }: NetworkInputs,
  lossInputs: LossInputs,
): Grads<DeitInputs> {
  return k.region("gradients", () => {
    const { out: logits, saved } = model.forward(k, inputs, attrs);
    return model.vjp(k, saved, objectiveOf(k, logits, lossInputs).dLogits);
  });
}

export const visitAll = (see: OnTensor, prefix: string, tree: unknown): void => {
  for (const [name, t] of named(tree)) see(`${prefix}/${name}`, t);
};

/** Where the optimiser starts. */
interface Start {
  readonly params: DeitParams;
  /** The gradient at `params`. */
  readonly grads: DeitParams;
}

/** Takes the optimiser's steps, all on the same batch, each with the gradient at the weights after the previous step. Consumes `start`. */
export function optimiserSteps(
  k: Kernels,
  { lr: rates, ...settings }: RecordedOptimizer,
  start: Start,
  gradsAt: (params: DeitParams) => DeitParams,
  see: OnTensor,
): void {
  let state: Optimised<DeitParams> = { params: start.params, optimizer: initialOptimizerState(k, settings, start.params) };
  for (const [i, lr] of rates.entries()) {
    const grads = i === 0 ? start.grads : gradsAt(state.params);
    state = optimise(k, settings, { ...state, grads, finite: null, skipped: null }, { lr, step: i + 1 });
    visitAll(see, `after/${i + 1}`, state.params);
  }
}
