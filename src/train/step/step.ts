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
import { ema } from "../optimizer/ema.ts";
import { settled, type LossScale } from "../optimizer/lossScale.ts";
import type { Mix } from "../mixing/drawMix.ts";
import { optimise, type Optimised, type Optimizer } from "../optimizer/optimizer.ts";

/** Everything that a step reads and updates. `Buffers` are tensors that are updated without gradients, such as running statistics; null if there are none. */
export interface TrainState<Params, Buffers> extends Optimised<Params> {
  /** Tensors that are updated without gradients. */
  readonly buffers: Buffers;
  /** Moving average of the parameters (E37); null if none is kept. */
  readonly average: Params | null;
  /** The loss scale; null if the loss is not scaled. */
  readonly lossScale: LossScale | null;
  /** Steps done. */
  readonly step: number;
}

/** Images with their labels. */
export interface Batch {
  /** [B, C, S, S], already normalised and augmented, but not yet mixed. */
  readonly images: Tensor;
  /** Class numbers, [B]. */
  readonly labels: Tensor;
  /** How equal groups of the samples are mixed; none: they are not mixed. */
  readonly mixes: readonly Mix[];
}

/** What is learned: a loss with its gradient, and the update of the buffers. */
export interface Task<Params, Buffers, Statistics> {
  /** Loss and gradients. `dLoss` is the cotangent of the loss, [], a factor on all gradients. */
  readonly lossAndGrads: (
    k: Kernels,
    model: { readonly params: Params; readonly buffers: Buffers },
    batch: Batch,
    key: Key,
    dLoss: Tensor,
  ) => {
    /** The mean over the batch, []. */
    readonly loss: Tensor;
    /** The gradients, with the names and shapes of the parameters. */
    readonly grads: Params;
    /** The batch statistics, from which `moveOn` updates the buffers. */
    readonly statistics: Statistics;
  };
  /** Updates the buffers by the batch's statistics. Consumes `buffers`. */
  readonly moveOn: (k: Kernels, buffers: Buffers, statistics: Statistics) => Buffers;
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

/** The buffers after a step. If the step may be skipped, a copy of the old ones is kept until that is decided; they are small. Consumes `buffers`. */
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

/** One training step. Consumes `state`: its handles are stale afterwards. The caller keeps the batch, and owns the new state and the loss. */
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
    const made = k.region("lossAndGrads", () => task.lossAndGrads(k, state, batch, key, dLoss)); // frees the activations
    const { grads, finite, skipped, lossScale } = settled(k, made.grads, state.lossScale);
    const kept = settings.clipNorm === null ? grads : clip(k, grads, settings.clipNorm);
    const { params, optimizer } = optimise(k, settings.optimizer, { ...state, grads: kept, finite, skipped }, { lr: settings.lr, step });
    const buffers = movedOn(k, task, state.buffers, made.statistics, finite);
    const average = state.average === null ? null : ema(k, { average: state.average, params, finite }, { decay: settings.emaDecay });
    return { state: { params, optimizer, buffers, average, lossScale, step }, loss: made.loss };
  });
}
