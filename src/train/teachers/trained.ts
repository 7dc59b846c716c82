/** A teacher that is trained first, with settings and a folder of its own. */
import { mkdir } from "node:fs/promises";
import type { Engine } from "../../kernels/engine.ts";
import type { Kernels } from "../../kernels/kernels.ts";
import { fold, keyOf, type Key } from "../../tensor/key.ts";
import { trainModel, type RunSettings } from "../run/loop.ts";
import { trainingOnShapes } from "../run/onShapes.ts";
import type { Distillation } from "../step/objective.ts";
import type { DataRecipe, DeitTrainingRecipe, InitRecipe, StudentRecipe, TrainingRecipe } from "../run/recipe.ts";
import type { Model } from "../run/state.ts";
import { leads } from "../run/sumOverRanks.ts";
import type { Training } from "../run/training.ts";
import type { Memory } from "../step/deitTask.ts";
import type { PreparedTeacher } from "./prepared.ts";
import type { Predict } from "./teacher.ts";

/** The training of a network, and what becomes of the trained one. */
export interface TeacherTraining<Params, Buffers, Statistics> {
  readonly training: (memory: Memory) => Training<Params, Buffers, Statistics> & { readonly teacher: null };
  /** A model of zeros, for a plan of the memory. */
  readonly zeros: (k: Kernels) => Model<Params, Buffers>;
  readonly predictBy: (model: Model<Params, Buffers>) => Predict;
  /** Writes the weights into the folder. */
  readonly write: (directory: string, model: Model<Params, Buffers>) => Promise<void>;
}

/** From which everything of a teacher's training is drawn; that of the first does not depend on how many there are. */
export function teacherKey(seed: number, index: number): Key {
  const key = fold(keyOf(seed), "teacher");
  return index === 0 ? key : fold(key, index);
}

/** A training as plain data for a digest: without settings that are left at a default which older runs did not have. */
export function identityOfTraining({ microBatch, ...training }: TrainingRecipe): object {
  return microBatch === null ? training : { ...training, microBatch };
}

/** The training of a student likewise, without `trained` alone. */
export function identityOfTrained({ trained, ...training }: StudentRecipe): DeitTrainingRecipe & Partial<StudentRecipe> {
  return trained === "all" ? training : { ...training, trained };
}

/** The images as plain data, likewise. */
export function identityOfData({ images, ...data }: DataRecipe): object {
  return images === null ? data : { ...data, images };
}

/** A loss as plain data for a digest: without the direction that every older run had. */
export function identityOfDistillation(distillation: Distillation): object {
  if (distillation.kind !== "soft" || distillation.direction !== "teacher-first") return distillation;
  const { direction: _, ...older } = distillation;
  return older;
}

/** The weights to start from, likewise. */
export function identityOfInit(init: InitRecipe | null): object | null {
  if (init === null) return null;
  const { positions, ...same } = init;
  return positions === "bicubic" ? same : init;
}

/** Trains a network to its end. Returns the model, which belongs to the caller; null: it was stopped. */
async function trainedModel<P, B, S>(engine: Engine, training: Training<P, B, S>, run: RunSettings): Promise<Model<P, B> | null> {
  const { state, interrupted } = await trainModel(engine, training, run);
  const { params, buffers, optimizer, average, lossScale } = state;
  engine.release([optimizer, average, lossScale]);
  if (!interrupted) return { params, buffers };
  engine.release([params, buffers]);
  return null;
}

/** A teacher that is trained in `options.directory`. */
export const preparedTraining = <P, B, S>(
  engine: Engine,
  { training, zeros, predictBy, write }: TeacherTraining<P, B, S>,
): Pick<PreparedTeacher, "onShapes" | "make"> => ({
  onShapes: (k, n, memory) => predictBy(trainingOnShapes(k, training(memory), zeros(k), n)),
  make: async (options) => {
    const { onProgress, memory, directory } = options;
    const run = {
      ...options,
      onProgress: onProgress === null ? null : (progress: Parameters<typeof onProgress>[0]) => onProgress(progress, null),
    };
    if (leads(options)) await mkdir(directory, { recursive: true });
    const model = await trainedModel(engine, { ...training(memory), onEpoch: (_, at) => options.onEpoch(at) }, run);
    if (model === null) return null;
    if (leads(options)) await write(directory, model);
    return { logits: predictBy(model), release: () => engine.release([model.params, model.buffers]) };
  },
});
