/** The state of a training on an engine: as it begins, and as it was kept. */
import type { Checkpoint } from "../../io/checkpoint.ts";
import { uploadTree } from "../../io/weights/trees.ts";
import type { Engine } from "../../kernels/engine.ts";
import type { Kernels } from "../../kernels/kernels.ts";
import { averageOf } from "../optimizer/ema.ts";
import { initialLossScale } from "../optimizer/lossScale.ts";
import { initialOptimizerState } from "../optimizer/optimizer.ts";
import type { TrainingRecipe } from "./recipe.ts";
import type { TrainState } from "../step/step.ts";

/** What a network computes with. */
export interface Model<Params, Buffers> {
  /** What is trained. */
  readonly params: Params;
  /** What is kept beside it; null: nothing. */
  readonly buffers: Buffers;
}

/** The state before the first step. The model becomes part of it. */
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
 * The state of a checkpoint, with the names and shapes of one before the first step. Consumes that one.
 *
 * @throws RangeError naming a tensor that the checkpoint lacks or has in another shape
 */
export function restoredState<P, B>(engine: Engine, fresh: TrainState<P, B>, { step, tensors }: Checkpoint): TrainState<P, B> {
  const { params, optimizer } = fresh;
  engine.release(fresh); // its names and shapes are enough, and there may be no room for both
  const like = { ...fresh, optimizer: { ...optimizer, m: optimizer.m ?? params } }; // SGD has its buffer since step 1
  return { ...uploadTree(engine.kernels, like, tensors), step };
}
