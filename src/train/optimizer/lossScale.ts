/**
 * Dynamic loss scaling (Micikevicius et al. 2018, arXiv 1710.03740, section 3.2), by the rule of torch's GradScaler.
 *
 * Half precision flushes small gradients to 0. So the cotangent of the loss is S in place of 1, which makes all gradients S times as large
 * where they are computed, and S is divided out before they are used. S is a power of two: both are exact.
 *
 *   L̄ = S          ḡ ← ḡ/S          f = 1 if all numbers of all ḡ are finite, else 0
 *
 * Where f = 0 the step is taken back: no weight, moment, buffer or average changes. Then, with n steps since S changed last or overflowed,
 *
 *   r = [n + 1 ≥ 2000]
 *   S ← S · (1 + f r [S ≤ 2²³] − ½ (1 − f) [S ≥ 2⁻¹³])             half of it after an overflow, twice as much after 2000 steps without
 *   n ← (n + 1) f (1 − r)         s ← s + 1 − f, the steps that were taken back: k of AdamW (E35) is without them
 *
 * torch has no bounds. Where nothing overflows, as in f32, S would grow until it does so itself: S ≤ 2²⁴, the bound of NVIDIA's Apex. And
 * S ≥ 2⁻¹⁴, the least normal number of f16: what overflows f16 even then is beyond 2³⁰ unscaled, and no scale helps a run that has come to this.
 *
 * Batches and learning rates go on where a step is taken back. The flag stays on the engine: a step never waits for it.
 */
import type { Kernels } from "../../kernels/kernels.ts";
import { defineRoutine, type Routine } from "../../ops/op.ts";
import { size, type Tensor } from "../../tensor/tensor.ts";
import { mapTree, named } from "../../tensor/tree.ts";
import { MOST_SKIPPED, type Counted } from "./skippedSteps.ts";
import type { ByName } from "./eachLeaf.ts";

/** Of torch.amp.GradScaler: S at the start, and the steps without an overflow after which it grows. */
const INITIAL = 2 ** 16;
const GROWTH_INTERVAL = 2000;

const LARGEST = 2 ** 24;
const SMALLEST = 2 ** -14;

/** How much the loss is multiplied, and what decides when that changes. */
export interface LossScale {
  /** S, []. */
  readonly scale: Tensor;
  /** n, []. */
  readonly clean: Tensor;
  /** s, up to `MOST_SKIPPED`, []. */
  readonly skipped: Tensor;
}

/** Where a run starts. */
export const initialLossScale = (k: Kernels): LossScale => ({ scale: k.upload([], [INITIAL]), clean: k.zeros([]), skipped: k.zeros([]) });

/** A gradient without the scale. */
export interface Unscaled {
  /** The gradient. */
  readonly grad: Tensor;
  /** Whether all its numbers are finite: 1 or 0, [1]. */
  readonly finite: Tensor;
}

/** 1 where all of some numbers are 1, else 0 where all are 0 or 1; [1]. */
const all = (k: Kernels, flags: Tensor): Tensor => k.scale(k.maxLast(k.scale(k.reshape(flags, [size(flags.shape)]), -1)), -1);

/** ḡ/S of one parameter, and its part in f. Consumes the gradient, not 1/S. */
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

/** Gradients that are S times as large. */
export interface Gradients {
  /** By the names of the parameters. */
  readonly grads: ByName<Tensor>;
  /** 1/S, []. */
  readonly inverse: Tensor;
}

/** Gradients without the scale. */
export interface AllUnscaled {
  /** By the names of the parameters. */
  readonly grads: ByName<Tensor>;
  /** f, []. */
  readonly finite: Tensor;
}

/** All parameters. Consumes the gradients, not 1/S. */
export const unscaledLeaves: Routine<Gradients, void, AllUnscaled> = defineRoutine({
  name: "unscale",
  run(k: Kernels, { grads, inverse }: Gradients): AllUnscaled {
    const unscaled = Object.entries(grads).map(([name, grad]) => [name, unscaledLeaf.run(k.at(name), { grad, inverse })] as const);
    const flags = unscaled.map(([, { finite }]) => finite);
    return {
      grads: Object.fromEntries(unscaled.map(([name, { grad }]) => [name, grad])),
      finite: k.reshape(all(k, k.concat(flags, 0)), []),
    };
  },
});

/** A loss scale, and whether the gradients were finite. */
export interface LossScaleInputs extends LossScale {
  /** f, []. */
  readonly finite: Tensor;
}

/** S, n and s of the next step. Consumes those of this one. */
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

/** Gradients with the scale taken off, and whether the step counts. */
export interface Settled<P> extends Counted {
  /** The gradients, unscaled. */
  readonly grads: P;
  /** For the next step; null: the loss is not scaled. */
  readonly lossScale: LossScale | null;
}

/** The gradients without their scale, whether the step counts, and the scale of the next step. Consumes both; without a scale nothing changes. */
export function settled<P>(k: Kernels, grads: P, old: LossScale | null): Settled<P> {
  if (old === null) return { grads, finite: null, skipped: null, lossScale: null };
  const inverse = k.div(k.upload([], [1]), old.scale);
  const { grads: unscaled, finite } = unscaledLeaves.run(k, { grads: Object.fromEntries(named(grads)), inverse });
  const skipped = k.scale(old.skipped, 1);
  const lossScale = nextLossScale.run(k.at("lossScale"), { ...old, finite });
  return { grads: mapTree(grads, (t, name) => unscaled[name] ?? t), finite, skipped, lossScale };
}
