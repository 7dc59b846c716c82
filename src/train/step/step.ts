/**
 * One training step, (state, batch, key) → state: loss and gradients, clipping, optimiser, running statistics, average (deit.md 7.6). Where the
 * loss is scaled and a gradient is not finite, all but the number of steps and the scale stays as it was.
 */
import type { Kernels } from "../../kernels/kernels.ts";
import type { Key } from "../../tensor/key.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { leaf, mapTree, named } from "../../tensor/tree.ts";
import { unlessSkipped } from "../optimizer/skippedSteps.ts";
import { clip } from "../optimizer/clip.ts";
import { ema } from "../optimizer/ema.ts";
import { settled, type LossScale } from "../optimizer/lossScale.ts";
import { optimise, type Optimised, type Optimizer } from "../optimizer/optimizer.ts";

/** All that a run goes on from; `Buffers` are what is kept beside the trained parameters (running statistics), null if there are none. */
export interface TrainState<Params, Buffers> extends Optimised<Params> {
  /** What is kept beside the parameters. */
  readonly buffers: Buffers;
  /** Moving average (E37); null: none is kept. */
  readonly average: Params | null;
  /** null: the loss is not scaled. */
  readonly lossScale: LossScale | null;
  /** Steps done. */
  readonly step: number;
}

/** Images with their labels. */
export interface Batch {
  /** [B, C, S, S], already normalised and augmented. */
  readonly images: Tensor;
  /** Class numbers, [B]. */
  readonly labels: Tensor;
}

/** What is learned: a loss with its gradient, and how the buffers move on. */
export interface Task<Params, Buffers, Statistics> {
  /** `dLoss` is the cotangent of the loss, []: the gradients are that many times as large. */
  readonly lossAndGrads: (
    k: Kernels,
    model: { readonly params: Params; readonly buffers: Buffers },
    batch: Batch,
    key: Key,
    dLoss: Tensor,
  ) => {
    /** The mean over the batch, []. */
    readonly loss: Tensor;
    /** As the parameters. */
    readonly grads: Params;
    /** What the batch says about the buffers. */
    readonly statistics: Statistics;
  };
  /** Consumes `buffers`. */
  readonly moveOn: (k: Kernels, buffers: Buffers, statistics: Statistics) => Buffers;
}

/** How a step is made. */
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

/** The buffers after a step; a copy of them for steps that may be taken back, as they are small. Consumes them. */
function movedOn<Params, Buffers, Statistics>(
  k: Kernels,
  { moveOn }: Task<Params, Buffers, Statistics>,
  buffers: Buffers,
  statistics: Statistics,
  finite: Tensor | null,
): Buffers {
  if (finite === null) return moveOn(k, buffers, statistics);
  const old = named(mapTree(buffers, (t) => k.where(finite, t, t)));
  return mapTree(moveOn(k, buffers, statistics), (next, name) => unlessSkipped(k, finite, next, leaf(old, name, "buffers")));
}

/** Consumes `state`: its handles are stale afterwards. The batch stays the caller's; the new state and the loss become so. */
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
    const step = state.step + 1;
    const dLoss = state.lossScale?.scale ?? k.upload([], [1]);
    const made = k.region("lossAndGrads", () => task.lossAndGrads(k, state, batch, key, dLoss)); // activations die here
    const { grads, finite, skipped, lossScale } = settled(k, made.grads, state.lossScale);
    const kept = settings.clipNorm === null ? grads : clip(k, grads, settings.clipNorm);
    const { params, optimizer } = optimise(k, settings.optimizer, { ...state, grads: kept, finite, skipped }, { lr: settings.lr, step });
    const buffers = movedOn(k, task, state.buffers, made.statistics, finite);
    const average = state.average === null ? null : ema(k, { average: state.average, params, finite }, { decay: settings.emaDecay });
    return { state: { params, optimizer, buffers, average, lossScale, step }, loss: made.loss };
  });
}
