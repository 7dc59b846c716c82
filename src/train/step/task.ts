/** What is learned: a loss with its gradient. Types only. */
import type { Kernels } from "../../kernels/kernels.ts";
import type { Key } from "../../tensor/key.ts";
import type { Tensor } from "../../tensor/tensor.ts";

/** What a step learns from: images, what they should be predicted as, and what the teacher says about them. */
export interface Batch {
  /** [B, C, S, S], augmented, normalised and mixed. */
  readonly images: Tensor;
  /** q of (E33), smoothed and mixed alike, [B, K]. */
  readonly target: Tensor;
  /** z_t, [B, K], of the same images; null: no teacher. */
  readonly teacher: Tensor | null;
}

/** Which samples of the step's whole batch a batch holds, so that each sample's draws are its own however the batch is divided. */
export interface Draws {
  /** From which drop path and dropout are drawn. */
  readonly key: Key;
  /** Samples of the whole batch before this one. */
  readonly first: number;
  /** Samples of the whole batch. */
  readonly of: number;
}

/** A loss and its gradient. */
export interface LossAndGrads<Params, Statistics> {
  /** The mean over the batch, []. */
  readonly loss: Tensor;
  /** The part of the loss that comes from the labels alone, before its share, []; null: the loss has no other part. */
  readonly truth: Tensor | null;
  /** The gradients, with the names and shapes of the parameters. */
  readonly grads: Params;
  /** The batch statistics, from which `moveOn` updates the buffers. */
  readonly statistics: Statistics;
}

/** What is learned: a loss with its gradient, and the update of the buffers. */
export interface Task<Params, Buffers, Statistics> {
  /** Loss and gradients. `dLoss` is the cotangent of the loss, [], a factor on all gradients. */
  readonly lossAndGrads: (
    k: Kernels,
    model: { readonly params: Params; readonly buffers: Buffers },
    batch: Batch,
    draws: Draws,
    dLoss: Tensor,
  ) => LossAndGrads<Params, Statistics>;
  /** Updates the buffers by the batch's statistics. Consumes `buffers`. null: no step changes them. */
  readonly moveOn: ((k: Kernels, buffers: Buffers, statistics: Statistics) => Buffers) | null;
}
