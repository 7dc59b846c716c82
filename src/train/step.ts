/** One training step, (state, batch, key) → state: loss and gradients, clipping, optimiser, running statistics, average (deit.md 7.6). */
import type { Kernels } from "../kernels/kernels.ts";
import type { Key } from "../tensor/key.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { clip } from "./clip.ts";
import { ema } from "./ema.ts";
import { optimise, type Optimised, type Optimizer } from "./optimizer.ts";

/** All that a run goes on from; `Buffers` are what is kept beside the trained parameters (running statistics), null if there are none. */
export interface TrainState<Params, Buffers> extends Optimised<Params> {
  readonly buffers: Buffers;
  /** Moving average (E37); null: none is kept. */
  readonly average: Params | null;
  /** Steps done. */
  readonly step: number;
}

export interface Batch {
  /** [B, C, S, S], already normalised and augmented. */
  readonly images: Tensor;
  /** Class numbers, [B]. */
  readonly labels: Tensor;
}

/** What is learned: a loss with its gradient, and how the buffers move on. */
export interface Task<Params, Buffers, Statistics> {
  readonly lossAndGrads: (
    k: Kernels,
    model: { readonly params: Params; readonly buffers: Buffers },
    batch: Batch,
    key: Key,
  ) => { readonly loss: Tensor; readonly grads: Params; readonly statistics: Statistics };
  /** Consumes `buffers`. */
  readonly moveOn: (k: Kernels, buffers: Buffers, statistics: Statistics) => Buffers;
}

export interface StepSettings {
  readonly optimizer: Optimizer;
  readonly lr: number;
  /** Largest norm of the gradient; null: not clipped. */
  readonly clipNorm: number | null;
  /** d of (E37). */
  readonly emaDecay: number;
}

/** Consumes `state`: its handles are stale afterwards. The batch stays the caller's; the new state and the loss become so. */
export function trainStep<Params, Buffers, Statistics>(
  k: Kernels,
  task: Task<Params, Buffers, Statistics>,
  state: TrainState<Params, Buffers>,
  batch: Batch,
  key: Key,
  settings: StepSettings,
): { readonly state: TrainState<Params, Buffers>; readonly loss: Tensor } {
  return k.region("step", () => {
    const step = state.step + 1;
    const { loss, grads, statistics } = k.region("lossAndGrads", () => task.lossAndGrads(k, state, batch, key)); // activations die here
    const kept = settings.clipNorm === null ? grads : clip(k, grads, settings.clipNorm);
    const { params, optimizer } = optimise(k, settings.optimizer, { ...state, grads: kept }, { lr: settings.lr, step });
    const buffers = task.moveOn(k, state.buffers, statistics);
    const average = state.average === null ? null : ema(k, { average: state.average, params }, { decay: settings.emaDecay });
    return { state: { params, optimizer, buffers, average, step }, loss };
  });
}
