/**
 * Dynamic loss scaling (Micikevicius et al. 2018, arXiv 1710.03740, section 3.2), by the rule of torch's GradScaler.
 *
 * Half precision flushes small gradients to 0. So the cotangent of the loss is S instead of 1, which makes all gradients S times as large
 * while they are computed, and they are divided by S before they are used. S is a power of two, so both operations are exact.
 *
 *   L̄ = S          ḡ ← ḡ/S          f = 1 if all numbers of all ḡ are finite, else 0
 *
 * If f = 0 the step is skipped: no weight, moment, buffer or average changes. Then, with n steps since S last changed or a step was skipped,
 *
 *   r = [n + 1 ≥ 2000]
 *   S ← S · (1 + f r [S ≤ 2²³] − ½ (1 − f) [S ≥ 2⁻¹³])             halved after an overflow, doubled after 2000 steps without one
 *   n ← (n + 1) f (1 − r)         s ← s + 1 − f, the number of skipped steps, which k of AdamW (E35) does not count
 *
 * torch has no bounds. Where nothing overflows, as in f32, S would grow until it overflowed itself; so S ≤ 2²⁴, the bound of NVIDIA's Apex.
 * And S ≥ 2⁻¹⁴, the smallest normal number of f16: a gradient that overflows f16 even then is beyond 2³⁰, and no scale can save such a run.
 *
 * A skipped step still advances the batch and the learning rate. The flag f stays on the engine, so that a step never waits for it.
 */
import type { Kernels } from "../../kernels/kernels.ts";
import { defineRoutine, type Routine } from "../../ops/op.ts";
import { size, type Tensor } from "../../tensor/tensor.ts";
import { mapTree, named } from "../../tensor/tree.ts";
import { globalNorm } from "./clip.ts";
import { MOST_SKIPPED, type Counted } from "./skippedSteps.ts";
import type { ByName } from "./eachLeaf.ts";

/** S at the start, a default of torch.amp.GradScaler. */
const INITIAL = 2 ** 16;
/** The number of steps without an overflow after which S grows, another one. */
export const GROWTH_INTERVAL = 2000;

/** The largest S. */
export const LARGEST: number = 2 ** 24;
/** The smallest S. */
export const SMALLEST: number = 2 ** -14;

/** The factor on the loss, and the counts that decide when it changes. */
export interface LossScale {
  /** S, []. */
  readonly scale: Tensor;
  /** n, []. */
  readonly clean: Tensor;
  /** s, up to `MOST_SKIPPED`, []. */
  readonly skipped: Tensor;
}

/** The loss scale of a run's first step. */
export const initialLossScale = (k: Kernels): LossScale => ({ scale: k.upload([], [INITIAL]), clean: k.zeros([]), skipped: k.zeros([]) });

/** A gradient after division by S. */
export interface Unscaled {
  /** The gradient. */
  readonly grad: Tensor;
  /** Whether all its numbers are finite: 1 or 0, [1]. */
  readonly finite: Tensor;
}

/** Logical and of flags that are 0 or 1: their minimum, [1]. */
const all = (k: Kernels, flags: Tensor): Tensor => k.scale(k.maxLast(k.scale(k.reshape(flags, [size(flags.shape)]), -1)), -1);

/** ḡ/S of one parameter, and whether it is finite. Consumes the gradient, not 1/S. */
export const unscaledLeaf: Routine<
  {
    /** The gradient, times S. */
    readonly grad: Tensor;
    /** 1/S, []. */
    readonly inverse: Tensor;
  },
  void,
  Unscaled
> = defineRoutine({
  name: "unscale",
  run(k: Kernels, { grad: scaled, inverse }: { readonly grad: Tensor; readonly inverse: Tensor }): Unscaled {
    const grad = k.mul(scaled, inverse);
    const finite = all(k, k.isFinite(grad));
    k.donate(scaled);
    return { grad, finite };
  },
});

/** Gradients of S times the loss. */
export interface Gradients {
  /** By the names of the parameters. */
  readonly grads: ByName<Tensor>;
  /** 1/S, []. */
  readonly inverse: Tensor;
}

/** Gradients after division by S. */
export interface AllUnscaled {
  /** By the names of the parameters. */
  readonly grads: ByName<Tensor>;
  /** f, []. */
  readonly finite: Tensor;
  /** ‖ḡ/S‖, [1]; null: it was not asked for. */
  readonly norm: Tensor | null;
}

/** What is wanted of the gradients. */
export interface UnscaleAttrs {
  /** Whether their norm is, too. */
  readonly withNorm: boolean;
}

/** ḡ/S of all parameters, f and the norm. Consumes the gradients, not 1/S. */
export const unscaledLeaves: Routine<Gradients, UnscaleAttrs, AllUnscaled> = defineRoutine({
  name: "unscale",
  run(k: Kernels, { grads: scaled, inverse }: Gradients, { withNorm }: UnscaleAttrs): AllUnscaled {
    const unscaled = Object.entries(scaled).map(([name, grad]) => [name, unscaledLeaf.run(k.at(name), { grad, inverse })] as const);
    const flags = unscaled.map(([, { finite }]) => finite);
    const grads = Object.fromEntries(unscaled.map(([name, { grad }]) => [name, grad]));
    return { grads, finite: k.reshape(all(k, k.concat(flags, 0)), []), norm: withNorm ? globalNorm(k, grads) : null };
  },
});

/** A loss scale, and whether the gradients were finite. */
export interface LossScaleInputs extends LossScale {
  /** f, []. */
  readonly finite: Tensor;
}

/** S, n and s of the next step. Consumes S, n and s of this one. */
export const nextLossScale: Routine<LossScaleInputs, void, LossScale> = defineRoutine({
  name: "lossScale",
  run(k: Kernels, { finite: f, ...old }: LossScaleInputs): LossScale {
    const not = (flag: Tensor): Tensor => k.addScalar(k.scale(flag, -1), 1);
    const n = k.addScalar(old.clean, 1);
    const ripe = k.step(k.addScalar(n, -GROWTH_INTERVAL));
    const grows = k.mul(k.mul(f, ripe), k.step(k.addScalar(k.scale(old.scale, -1), LARGEST / 2)));
    const shrinks = k.mul(not(f), k.step(k.addScalar(old.scale, -2 * SMALLEST)));
    const factor = k.addScalar(k.sub(grows, k.scale(shrinks, 1 / 2)), 1);
    const countable = k.step(k.addScalar(k.scale(old.skipped, -1), MOST_SKIPPED - 1));
    const next = {
      scale: k.mul(old.scale, factor),
      clean: k.mul(n, k.mul(f, not(ripe))),
      skipped: k.add(old.skipped, k.mul(not(f), countable)),
    };
    k.donate(old);
    return next;
  },
});

/** Unscaled gradients, whether the step is skipped, and the next loss scale. */
export interface Settled<P> extends Counted {
  /** The gradients, unscaled. */
  readonly grads: P;
  /** The loss scale of the next step; null if the loss is not scaled. */
  readonly lossScale: LossScale | null;
  /** The norm of the unscaled gradient, [1]; null: it was not asked for. */
  readonly norm: Tensor | null;
}

/** Divides the gradients by the loss scale, checks that they are finite and updates the scale. Consumes `grads` and `old`. Without a loss scale the gradients are returned as they are. */
export function settled<P>(k: Kernels, grads: P, old: LossScale | null, { withNorm }: UnscaleAttrs): Settled<P> {
  if (old === null) return { grads, finite: null, skipped: null, lossScale: null, norm: withNorm ? globalNorm(k, grads) : null };
  const inverse = k.div(k.upload([], [1]), old.scale);
  const { grads: unscaled, finite, norm } = unscaledLeaves.run(k, { grads: Object.fromEntries(named(grads)), inverse }, { withNorm });
  const skipped = k.scale(old.skipped, 1);
  const lossScale = nextLossScale.run(k.at("lossScale"), { ...old, finite });
  return { grads: mapTree(grads, (t, name) => unscaled[name] ?? t), finite, skipped, lossScale, norm };
}
