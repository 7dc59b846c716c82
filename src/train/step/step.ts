/**
 * One training step, (state, batch, key) → state: loss and gradients, clipping, optimiser, running statistics, average (deit.md 7.6). If the
 * loss is scaled and a gradient is not finite, the step is skipped: only the step count and the loss scale change.
 */
import type { Kernels } from "../../kernels/kernels.ts";
import type { Key } from "../../tensor/key.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { leaf, mapTree, named } from "../../tensor/tree.ts";
import { unlessSkipped } from "../optimizer/skippedSteps.ts";
import { clip } from "../optimizer/clip.ts";
import { settled, type LossScale } from "../optimizer/lossScale.ts";
import { optimise, optimiseAveraged, type Optimised, type Optimizer } from "../optimizer/optimizer.ts";
import { gradientsOf, undivided } from "./gradients.ts";
import type { Batch, LossAndGrads, Task } from "./task.ts";

/**
 * Everything that a step reads and updates. `Buffers` are tensors that have no gradients, such as running statistics, or the parameters that are not
 * trained; null if there are none.
 */
export interface TrainState<Params, Buffers> extends Optimised<Params> {
  /** Tensors that have no gradients. */
  readonly buffers: Buffers;
  /** Moving average of the parameters (E37); null if none is kept. */
  readonly average: Params | null;
  /** The loss scale; null if the loss is not scaled. */
  readonly lossScale: LossScale | null;
  /** Steps done. */
  readonly step: number;
}

/** The settings of one step. */
export interface StepSettings {
  /** The optimiser and its settings. */
  readonly optimizer: Optimizer;
  /** η of this step. */
  readonly lr: number;
  /** Largest norm of the gradient; null: not clipped. */
  readonly clipNorm: number | null;
  /** d of (E37). */
  readonly emaDecay: number;
}

/**
 * The buffers after a step. If the step may be skipped, a copy of the old ones is kept until that is decided; they are small. Consumes `buffers`, unless
 * no step changes them.
 */
function movedOn<Params, Buffers, Statistics>(
  k: Kernels,
  { moveOn }: Task<Params, Buffers, Statistics>,
  buffers: Buffers,
  statistics: Statistics,
  finite: Tensor | null,
): Buffers {
  if (moveOn === null) return buffers;
  if (finite === null) return moveOn(k, buffers, statistics);
  const old = named(mapTree(buffers, (t) => k.where(finite, t, t)));
  return mapTree(moveOn(k, buffers, statistics), (next, name) => unlessSkipped(k, finite, next, leaf(old, name, "buffers")));
}

/** A step that has been done. */
export interface Stepped<Params, Buffers> {
  /** The state after the step. */
  readonly state: TrainState<Params, Buffers>;
  /** The norm of the gradient before clipping, [1]; null: nobody needed it. */
  readonly norm: Tensor | null;
}

/** The state after a step with these gradients. Consumes `state`, gradients and statistics. */
export function updated<Params, Buffers, Statistics>(
  k: Kernels,
  task: Task<Params, Buffers, Statistics>,
  state: TrainState<Params, Buffers>,
  made: Pick<LossAndGrads<Params, Statistics>, "grads" | "statistics">,
  settings: StepSettings,
  withNorm: boolean,
): Stepped<Params, Buffers> {
  return k.region("update", () => {
    const step = state.step + 1;
    const { average, lossScale: old } = state;
    const { clipNorm } = settings;
    const { grads, finite, skipped, lossScale, norm } = settled(k, made.grads, old, { withNorm: withNorm || clipNorm !== null });
    const kept = clipNorm === null || norm === null ? grads : clip(k, grads, clipNorm, norm);
    const [before, at] = [
      { ...state, grads: kept, finite, skipped },
      { lr: settings.lr, step },
    ];
    const next =
      average === null
        ? { ...optimise(k, settings.optimizer, before, at), average }
        : optimiseAveraged(k, settings.optimizer, { ...before, average }, { ...at, decay: settings.emaDecay });
    const buffers = movedOn(k, task, state.buffers, made.statistics, finite);
    k.donate(made.statistics);
    return { state: { ...next, buffers, lossScale, step }, norm };
  });
}

/** One training step on an undivided batch. Consumes `state`: its handles are stale afterwards, but for buffers that no step changes. The caller keeps the batch, and owns the new state and the loss. */
export function trainStep<Params, Buffers, Statistics>(
  k: Kernels,
  task: Task<Params, Buffers, Statistics>,
  state: TrainState<Params, Buffers>,
  batch: Batch,
  key: Key,
  settings: StepSettings,
): {
  /** The state after the step. */
  readonly state: TrainState<Params, Buffers>;
  /** The loss before the step, []. */
  readonly loss: Tensor;
} {
  return k.region("step", () => {
    const { loss, ...made } = gradientsOf(k, task, state, batch, undivided(key, batch));
    return { state: updated(k, task, state, made, settings, false).state, loss };
  });
}
