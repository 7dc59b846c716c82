/** A step of AdamW (E35) and then of the moving average (E37), so that an engine may do both in one pass over the parameters. */
import type { Kernels } from "../../kernels/kernels.ts";
import { defineRoutine, type Routine } from "../../ops/op.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { leaf, mapTree, named } from "../../tensor/tree.ts";
import {
  adamwCall,
  adamwLeaf,
  updatedTrees,
  type AdamWAttrs,
  type AdamWLeaf,
  type AdamWLeafAndGrad,
  type AdamWLeafAttrs,
  type AdamWShared,
  type AdamWTrees,
  type AdamWUpdated,
  type Decays,
} from "./adamw.ts";
import { eachLeaf, type ByName, type Leaves, type LeavesAttrs } from "./eachLeaf.ts";
import { emaLeaf, type EmaAttrs } from "./ema.ts";

/** One parameter, its moments and its average, all of one shape. */
export interface AveragedLeaf extends AdamWLeaf {
  /** The average of θ. */
  readonly average: Tensor;
}

/** One parameter's state with its gradient. */
export interface AveragedLeafAndGrad extends AveragedLeaf, AdamWLeafAndGrad {}

/** Settings for one parameter. */
export interface AveragedLeafAttrs extends AdamWLeafAttrs, EmaAttrs {}

/** One step on one parameter, whose average then gets the new θ. Consumes θ, m, v, the average and the gradient. */
export const averagedLeaf: Routine<AveragedLeafAndGrad & AdamWShared, AveragedLeafAttrs, AveragedLeaf> = defineRoutine({
  name: "adamw",
  run(k: Kernels, { average, ...old }: AveragedLeafAndGrad & AdamWShared, { decay, ...attrs }: AveragedLeafAttrs): AveragedLeaf {
    const next = adamwLeaf.run(k, old, attrs);
    return { ...next, average: emaLeaf.run(k, { average, theta: next.theta, finite: old.finite }, { decay }) };
  },
});

/** One step on all parameters. Of each parameter it consumes what `averagedLeaf` does. */
export const averagedLeaves: Routine<
  Leaves<AveragedLeafAndGrad, AdamWShared>,
  LeavesAttrs<AveragedLeafAttrs>,
  ByName<AveragedLeaf>
> = eachLeaf<AveragedLeafAndGrad, AdamWShared, AveragedLeafAttrs, AveragedLeaf>(averagedLeaf);

/**
 * One step on all parameters of a tree, and on their averages. Consumes all four trees.
 *
 * @throws Error naming a leaf that one of the trees lacks, before anything is consumed
 */
export function adamwAveraged<P>(
  k: Kernels,
  {
    average,
    ...trees
  }: AdamWTrees<P> & {
    /** The averages so far. */
    readonly average: P;
  },
  { decay, ...attrs }: AdamWAttrs & EmaAttrs,
  decays: Decays,
): AdamWUpdated<P> & {
  /** The averages after the step. */
  readonly average: P;
} {
  const averages = named(average);
  const { of, shared, ...call } = adamwCall(k, trees, attrs, decays);
  const leaves = Object.fromEntries(
    Object.entries(call.leaves).map(([name, own]) => [name, { ...own, average: leaf(averages, name, "ema") }]),
  );
  const updated = averagedLeaves.run(k, { leaves, shared }, { of: (name) => ({ ...of(name), decay }) });
  return { ...updatedTrees(trees.params, updated), average: mapTree(average, (t, name) => updated[name]?.average ?? t) };
}
