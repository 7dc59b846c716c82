/**
 * Exponential moving average of the weights, from a copy of the initial ones (deit.md 7.5).
 *
 *   (E37)  ē ← d·ē + (1 − d)·θ                               DeiT: d = 0.99996, after every optimiser step
 */
import type { Kernels } from "../../kernels/kernels.ts";
import { defineRoutine, type Routine } from "../../ops/op.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { leaf, mapTree, named } from "../../tensor/tree.ts";
import { unlessSkipped, type FiniteCheck } from "./skippedSteps.ts";
import { eachLeaf, type ByName, type Leaves, type LeavesAttrs } from "./eachLeaf.ts";

/** How slowly the average moves. */
export interface EmaAttrs {
  /** d */
  readonly decay: number;
}

/** One parameter and its average. */
export interface EmaPair {
  /** The average so far. */
  readonly average: Tensor;
  /** θ, the parameter, of the shape of the average. */
  readonly theta: Tensor;
}

/** Updates the average of one parameter. Consumes the average only. */
export const emaLeaf: Routine<EmaPair & FiniteCheck, EmaAttrs> = defineRoutine({
  name: "ema",
  run(k: Kernels, { average, theta, finite }: EmaPair & FiniteCheck, { decay }: EmaAttrs): Tensor {
    const moved = k.add(k.scale(average, decay), k.scale(theta, 1 - decay)); // (E37)
    const next = unlessSkipped(k, finite, moved, average);
    k.donate(average);
    return next;
  },
});

/** Updates the averages of all parameters. Consumes the averages only. */
export const emaLeaves: Routine<Leaves<EmaPair, FiniteCheck>, LeavesAttrs<EmaAttrs>, ByName<Tensor>> = eachLeaf<
  EmaPair,
  FiniteCheck,
  EmaAttrs,
  Tensor
>(emaLeaf);

/** All parameters and their averages. */
export interface EmaTrees<P> extends FiniteCheck {
  /** The averages so far. */
  readonly average: P;
  /** The parameters. */
  readonly params: P;
}

/** Updates the averages of all parameters of a tree. Consumes `average` only. */
export function ema<P>(k: Kernels, { average, params, finite }: EmaTrees<P>, attrs: EmaAttrs): P {
  const weights = named(params);
  const leaves = Object.fromEntries([...named(average)].map(([name, t]) => [name, { average: t, theta: leaf(weights, name, "ema") }]));
  const next = emaLeaves.run(k, { leaves, shared: { finite } }, { of: () => attrs });
  return mapTree(average, (t, name) => next[name] ?? t);
}

/** A copy of the weights, from which the average starts. */
export const averageOf = <P>(k: Kernels, params: P): P => mapTree(params, (t) => k.scale(t, 1));
