/**
 * Stochastic gradient descent with momentum, as in torch: weight decay is added to the gradient, and the first buffer is the gradient itself.
 *
 *   (E36)  g ← g + wd·θ        b ← g at the first step, else μ·b + g
 *          θ ← θ − η·(g + μ·b)   Nesterov
 *          θ ← θ − η·b           plain momentum
 */
import type { Kernels } from "../../kernels/kernels.ts";
import { defineRoutine, type Routine } from "../../ops/op.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { leaf, mapTree, named } from "../../tensor/tree.ts";
import { unlessSkipped, type FiniteCheck } from "./skippedSteps.ts";
import type { Decays } from "./adamw.ts";

/** Settings of SGD with momentum (E36). */
export interface SgdAttrs {
  /** η */
  readonly lr: number;
  /** μ */
  readonly momentum: number;
  /** Whether the step looks ahead by the momentum. */
  readonly nesterov: boolean;
  /** wd */
  readonly weightDecay: number;
}

/** One parameter and its buffer. */
export interface SgdLeaf {
  /** θ, the parameter. */
  readonly theta: Tensor;
  /** b; null before the first step. */
  readonly buffer: Tensor | null;
}

/** One parameter and its buffer after a step. */
export interface SgdUpdated {
  /** θ. */
  readonly theta: Tensor;
  /** b. */
  readonly buffer: Tensor;
}

/** One parameter's state with its gradient. */
export interface SgdInputs extends SgdLeaf, FiniteCheck {
  /** The gradient, of the shape of θ. */
  readonly grad: Tensor;
}

/** One step on one parameter. Consumes all inputs but `finite`. If the first step is skipped, the buffer is zeros, which act like no buffer. */
export const sgdLeaf: Routine<SgdInputs, SgdAttrs, SgdUpdated> = defineRoutine({
  name: "sgd",
  run(k: Kernels, { finite, ...old }: SgdInputs, { lr, momentum, nesterov, weightDecay }: SgdAttrs): SgdUpdated {
    const grad = k.add(old.grad, k.scale(old.theta, weightDecay));
    const buffer = old.buffer === null ? grad : k.add(k.scale(old.buffer, momentum), grad);
    const direction = nesterov ? k.add(grad, k.scale(buffer, momentum)) : buffer;
    const theta = k.sub(old.theta, k.scale(direction, lr)); //      (E36)
    const next = {
      theta: unlessSkipped(k, finite, theta, old.theta),
      buffer: unlessSkipped(k, finite, buffer, old.buffer ?? k.zeros(buffer.shape)),
    };
    k.donate(old);
    return next;
  },
});

/** All parameters with their buffers and gradients. */
export interface SgdTrees<P> extends FiniteCheck {
  /** The parameters. */
  readonly params: P;
  /** Their buffers; null before the first step. */
  readonly buffer: P | null;
  /** Their gradients. */
  readonly grads: P;
}

/**
 * One step on all parameters, one after the other. Consumes all three trees.
 *
 * @throws Error naming a leaf that one of the trees lacks, before anything is consumed
 */
export function sgd<P>(
  k: Kernels,
  { params, buffer, grads, finite }: SgdTrees<P>,
  attrs: SgdAttrs,
  decays: Decays,
): {
  /** The parameters after the step. */
  readonly params: P;
  /** The buffers after the step. */
  readonly buffer: P;
} {
  const [bs, gs] = [buffer === null ? null : named(buffer), named(grads)];
  const leaves = [...named(params)].map(
    ([name, theta]) => [name, { theta, buffer: bs === null ? null : leaf(bs, name, "sgd"), grad: leaf(gs, name, "sgd"), finite }] as const,
  );
  const updated = new Map(
    leaves.map(([name, old]) => {
      const weightDecay = decays(name, old.theta.shape) ? attrs.weightDecay : 0;
      return [name, sgdLeaf.run(k.at(`sgd.${name}`), old, { ...attrs, weightDecay })] as const;
    }),
  );
  const pick = (key: keyof SgdUpdated): P => mapTree(params, (t, name) => updated.get(name)?.[key] ?? t);
  return { params: pick("theta"), buffer: pick("buffer") };
}
