/**
 * AdamW (Loshchilov and Hutter 2019), in exactly torch's order of operations.
 *
 *   (E35)  θ ← θ·(1 − η·wd)                                         first, decoupled, at the current rate
 *          m ← β₁m + (1 − β₁)g        v ← β₂v + (1 − β₂)g⊙g
 *          θ ← θ − (η/(1 − β₁ᵏ)) · m / (√v/√(1 − β₂ᵏ) + eps)          step k = 1, 2, …, not counting skipped steps
 */
import type { Kernels } from "../../kernels/kernels.ts";
import { defineRoutine, type Routine } from "../../ops/op.ts";
import type { Shape, Tensor } from "../../tensor/tensor.ts";
import { leaf, mapTree, named } from "../../tensor/tree.ts";
import { atCountedStep, unlessSkipped, type FiniteCheck, type Counted } from "./skippedSteps.ts";
import { eachLeaf, type ByName, type Leaves, type LeavesAttrs } from "./eachLeaf.ts";

/** Settings of AdamW (E35). */
export interface AdamWAttrs {
  /** η */
  readonly lr: number;
  /** β₁, the decay of the first moment; usually 0.9. */
  readonly beta1: number;
  /** β₂, the decay of the second moment; usually 0.999. */
  readonly beta2: number;
  /** ε, added to √v̂; usually 1e-8. */
  readonly eps: number;
  /** wd */
  readonly weightDecay: number;
  /** The number of this step, from 1, skipped steps included; it is k if none was skipped. */
  readonly step: number;
}

/** One parameter and its moments, all of one shape. */
export interface AdamWLeaf {
  /** θ, the parameter. */
  readonly theta: Tensor;
  /** The first moment. */
  readonly m: Tensor;
  /** The second moment. */
  readonly v: Tensor;
}

/** The factors that depend on the step alone, not on the parameter. */
export interface Corrections {
  /** η/(1 − β₁ᵏ), []. */
  readonly rate: Tensor;
  /** 1/√(1 − β₂ᵏ), []. */
  readonly unbias: Tensor;
}

/** One parameter's state with its gradient. */
export interface AdamWLeafAndGrad extends AdamWLeaf {
  /** The gradient, of the shape of θ. */
  readonly grad: Tensor;
}

/** What all parameters share in a step. */
export interface AdamWShared extends Corrections, FiniteCheck {}

/** Settings of AdamW for one parameter. */
export type AdamWLeafAttrs = Omit<AdamWAttrs, "step">;

/** One step on one parameter. Consumes θ, m, v and the gradient: when it returns, their memory is free or holds the result. */
export const adamwLeaf: Routine<AdamWLeafAndGrad & AdamWShared, AdamWLeafAttrs, AdamWLeaf> = defineRoutine({
  name: "adamw",
  run(
    k: Kernels,
    { finite, rate, unbias, ...old }: AdamWLeafAndGrad & AdamWShared,
    { lr, beta1, beta2, eps, weightDecay }: AdamWLeafAttrs,
  ): AdamWLeaf {
    const m = k.add(k.scale(old.m, beta1), k.scale(old.grad, 1 - beta1));
    const v = k.add(k.scale(old.v, beta2), k.scale(k.square(old.grad), 1 - beta2));
    const root = k.addScalar(k.mul(k.sqrt(v), unbias), eps);
    const decayed = k.scale(old.theta, 1 - lr * weightDecay);
    const theta = k.sub(decayed, k.mul(k.div(m, root), rate)); // (E35)
    const next = {
      theta: unlessSkipped(k, finite, theta, old.theta),
      m: unlessSkipped(k, finite, m, old.m),
      v: unlessSkipped(k, finite, v, old.v),
    };
    k.donate(old);
    return next;
  },
});

/** One step on all parameters. Of each parameter it consumes what `adamwLeaf` does. */
export const adamwLeaves: Routine<Leaves<AdamWLeafAndGrad, AdamWShared>, LeavesAttrs<AdamWLeafAttrs>, ByName<AdamWLeaf>> = eachLeaf<
  AdamWLeafAndGrad,
  AdamWShared,
  AdamWLeafAttrs,
  AdamWLeaf
>(adamwLeaf);

/** First and second moments, each with the names and shapes of the parameters. */
export interface Moments<P> {
  /** First moments. */
  readonly m: P;
  /** Second moments. */
  readonly v: P;
}

/** Whether weight decay acts on a parameter. */
export type Decays = (name: string, shape: Shape) => boolean;

/** All parameters with their moments and gradients. */
export interface AdamWTrees<P> extends Counted {
  /** The parameters. */
  readonly params: P;
  /** Their moments. */
  readonly moments: Moments<P>;
  /** Their gradients. */
  readonly grads: P;
}

/** The arguments of `adamwLeaves`. */
export interface AdamWCall extends Leaves<AdamWLeafAndGrad, AdamWShared>, LeavesAttrs<AdamWLeafAttrs> {}

/**
 * The arguments of a step on all parameters of a tree.
 *
 * @throws Error naming a leaf that one of the trees lacks
 */
export function adamwCall<P>(
  k: Kernels,
  { params, moments, grads, finite, skipped }: AdamWTrees<P>,
  attrs: AdamWAttrs,
  decays: Decays,
): AdamWCall {
  const [ms, vs, gs] = [named(moments.m), named(moments.v), named(grads)];
  const leaves = Object.fromEntries(
    [...named(params)].map(([name, theta]) => {
      const [m, v, grad] = [leaf(ms, name, "adamw"), leaf(vs, name, "adamw"), leaf(gs, name, "adamw")];
      return [name, { theta, m, v, grad }];
    }),
  );
  const of = (name: string): AdamWLeafAttrs => {
    const decayed = decays(name, leaves[name]?.theta.shape ?? []);
    return { ...attrs, weightDecay: decayed ? attrs.weightDecay : 0 };
  };
  const { lr, beta1, beta2, step } = attrs;
  const rate = atCountedStep(k, (at) => lr / (1 - beta1 ** at), step, skipped);
  const unbias = atCountedStep(k, (at) => 1 / Math.sqrt(1 - beta2 ** at), step, skipped);
  return { leaves, shared: { finite, rate, unbias }, of };
}

/** Parameters and moments after a step. */
export interface AdamWUpdated<P> {
  /** The parameters after the step. */
  readonly params: P;
  /** The moments after the step. */
  readonly moments: Moments<P>;
}

/**
 * One step on all parameters of a tree. Consumes all three trees.
 *
 * @throws Error naming a leaf that one of the trees lacks, before anything is consumed
 */
export function adamw<P>(k: Kernels, trees: AdamWTrees<P>, attrs: AdamWAttrs, decays: Decays): AdamWUpdated<P> {
  const { of, ...inputs } = adamwCall(k, trees, attrs, decays);
  return updatedTrees(trees.params, adamwLeaves.run(k, inputs, { of }));
}

/** The trees of what a step has returned by name. */
export function updatedTrees<P>(params: P, updated: ByName<AdamWLeaf>): AdamWUpdated<P> {
  const pick = (key: keyof AdamWLeaf): P => mapTree(params, (t, name) => updated[name]?.[key] ?? t);
  return { params: pick("theta"), moments: { m: pick("m"), v: pick("v") } };
}
