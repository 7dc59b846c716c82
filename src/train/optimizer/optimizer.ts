/** The optimiser of a recipe: its settings, the state it starts from, and one step. */
import type { Kernels } from "../../kernels/kernels.ts";
import { mapTree } from "../../tensor/tree.ts";
import type { Counted } from "./skippedSteps.ts";
import { adamw, type AdamWAttrs } from "./adamw.ts";
import { adamwAveraged } from "./averaged.ts";
import { ema, type EmaAttrs } from "./ema.ts";
import { decaysOf, type DecayRule } from "./decay.ts";
import { sgd, type SgdAttrs } from "./sgd.ts";

/** AdamW (E35). */
export interface AdamWOptimizer extends Omit<AdamWAttrs, "lr" | "step"> {
  /** Which optimiser. */
  readonly kind: "adamw";
  /** Which parameters have no weight decay. */
  readonly noDecay: DecayRule;
}

/** SGD with momentum (E36). */
export interface SgdOptimizer extends Omit<SgdAttrs, "lr"> {
  /** Which optimiser. */
  readonly kind: "sgd";
  /** Which parameters have no weight decay. */
  readonly noDecay: DecayRule;
}

/** An optimiser and its settings, except the learning rate, which comes from a schedule. */
export type Optimizer = AdamWOptimizer | SgdOptimizer;

/** The optimiser's state. AdamW keeps both moments; SGD keeps its momentum buffer in m, which is null before the first step. */
export interface OptimizerState<P> {
  /** First moments, or SGD's buffer. */
  readonly m: P | null;
  /** Second moments; null for SGD. */
  readonly v: P | null;
}

/** The state before the first step. */
export function initialOptimizerState<P>(k: Kernels, { kind }: Optimizer, params: P): OptimizerState<P> {
  if (kind === "sgd") return { m: null, v: null };
  const zeros = (): P => mapTree(params, (t) => k.zeros(t.shape)); // a separate block for each leaf, since each is consumed separately
  return { m: zeros(), v: zeros() };
}

/** Parameters and the optimiser's state. */
export interface Optimised<P> {
  /** The parameters. */
  readonly params: P;
  /** The optimiser's state. */
  readonly optimizer: OptimizerState<P>;
}

/** Parameters with their gradients, before a step. */
export interface Optimisable<P> extends Optimised<P>, Counted {
  /** The gradients. */
  readonly grads: P;
}

/** When a step is done. */
export interface StepAttrs {
  /** η */
  readonly lr: number;
  /** The number of this step, from 1. */
  readonly step: number;
}

/** One step of AdamW (E35) or SGD (E36). Consumes parameters, state and gradients. */
export function optimise<P>(
  k: Kernels,
  settings: Optimizer,
  { params, optimizer: { m, v }, grads, finite, skipped }: Optimisable<P>,
  { lr, step }: StepAttrs,
): Optimised<P> {
  const decays = decaysOf(settings.noDecay);
  if (settings.kind === "sgd") {
    const next = sgd(k, { params, buffer: m, grads, finite }, { ...settings, lr }, decays);
    return { params: next.params, optimizer: { m: next.buffer, v: null } };
  }
  if (m === null || v === null) throw new Error("adamw: the state has no moments");
  const next = adamw(k, { params, moments: { m, v }, grads, finite, skipped }, { ...settings, lr, step }, decays);
  return { params: next.params, optimizer: next.moments };
}

/** A moving average of parameters (E37). */
export interface Averaged<P> {
  /** One average for each parameter. */
  readonly average: P;
}

/** One step, and then of the moving average (E37) of the parameters. Consumes parameters, state, average and gradients. */
export function optimiseAveraged<P>(
  k: Kernels,
  settings: Optimizer,
  { average, ...state }: Optimisable<P> & Averaged<P>,
  { decay, ...at }: StepAttrs & EmaAttrs,
): Optimised<P> & Averaged<P> {
  const { grads, finite, skipped, params, optimizer } = state;
  const { m, v } = optimizer;
  if (settings.kind === "sgd" || m === null || v === null) {
    const next = optimise(k, settings, state, at);
    return { ...next, average: ema(k, { average, params: next.params, finite }, { decay }) };
  }
  const trees = { params, moments: { m, v }, average, grads, finite, skipped };
  const next = adamwAveraged(k, trees, { ...settings, ...at, decay }, decaysOf(settings.noDecay));
  return { params: next.params, optimizer: next.moments, average: next.average };
}
