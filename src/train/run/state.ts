/** The state of a training on an engine: at its beginning, and restored from a checkpoint. */
import type { Checkpoint } from "../../io/checkpoint/read.ts";
import { uploadTree } from "../../io/weights/trees.ts";
import type { Engine } from "../../kernels/engine.ts";
import type { Kernels } from "../../kernels/kernels.ts";
import { averageOf } from "../optimizer/ema.ts";
import { initialLossScale } from "../optimizer/lossScale.ts";
import { initialOptimizerState } from "../optimizer/optimizer.ts";
import type { TrainingRecipe } from "./recipe.ts";
import type { TrainState } from "../step/step.ts";

/** The tensors of a network. */
export interface Model<Params, Buffers> {
  /** The trained parameters. */
  readonly params: Params;
  /** Tensors that are updated without gradients, such as running statistics; null: none. */
  readonly buffers: Buffers;
}

/** The state before the first step. It takes over the model's tensors. */
export function initialState<P, B>(
  k: Kernels,
  { optimizer, emaDecay, lossScale }: Pick<TrainingRecipe, "optimizer" | "emaDecay" | "lossScale">,
  { params, buffers }: Model<P, B>,
): TrainState<P, B> {
  return {
    params,
    buffers,
    optimizer: initialOptimizerState(k, optimizer, params),
    average: emaDecay === null ? null : averageOf(k, params),
    lossScale: lossScale === null ? null : initialLossScale(k),
    step: 0,
  };
}

/**
 * Restores the state of a checkpoint into the names and shapes of a fresh state, which it consumes.
 *
 * @throws RangeError that names a tensor which the checkpoint lacks or has in another shape
 */
export function restoredState<P, B>(engine: Engine, fresh: TrainState<P, B>, { step, tensors }: Checkpoint): TrainState<P, B> {
  const { params, optimizer } = fresh;
  engine.release(fresh); // its names and shapes are enough, and there may be no room for both
  const like = { ...fresh, optimizer: { ...optimizer, m: optimizer.m ?? params } }; // SGD has a momentum buffer from step 1 on
  return { ...uploadTree(engine.kernels, like, tensors), step };
}
