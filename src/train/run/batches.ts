/** The batches of a training: which images a step sees, how they are augmented, and how they are mixed. All of it follows from the number of steps done. */
import { openLoader, type Loader } from "../../data/loader/loader.ts";
import { checkOrder, trainingOrder, type BatchRequest, type OrderSettings, type TrainingOrder } from "../../data/loader/sampler.ts";
import type { Dataset } from "../../data/sources/dataset.ts";
import { fold } from "../../tensor/key.ts";
import { drawMixes, type Mix } from "../mixing/drawMix.ts";
import type { RunSettings } from "./loop.ts";
import type { DataRecipe, Recipe } from "./recipe.ts";
import type { Training } from "./training.ts";

/** The order in which a training sees its images. @throws RangeError if an epoch has not one full batch */
export const orderOf = <P, B, S>({ key, dataset, data, training: { batch }, group }: Training<P, B, S>): TrainingOrder =>
  trainingOrder(key, dataset, settingsOf(batch, data, group));

/** How a batch is divided: with repetition into replicas of `group` images, as the authors' 16 GPUs had 64 each. */
const settingsOf = (batch: number, { repeats }: DataRecipe, group: number): OrderSettings => ({
  batch,
  repeats,
  replicas: repeats > 1 && batch % group === 0 ? batch / group : 1,
});

/** @throws RangeError if the set has no full batch for teacher or student */
export function checkBatches({ data, mixing, training, teachers }: Recipe, set: Dataset): void {
  for (const { batch } of [...teachers.flatMap((teacher) => ("training" in teacher ? [teacher.training] : [])), training])
    checkOrder(set, settingsOf(batch, data, mixing.group));
}

/** The requests of the steps from `step` on. */
export function* requestsFrom({ request }: TrainingOrder, step: number, steps: number): Generator<BatchRequest, void> {
  for (let next = step; next < steps; next++) yield request(next);
}

/** The loader of a training's views. @throws RangeError for statistics that do not fit the images */
export const loaderOf = <P, B, S>({ dataset, key, data, training, side }: Training<P, B, S>, { workers, onNotice }: RunSettings): Loader =>
  openLoader({
    dataset,
    job: { kind: "augment", key, settings: data },
    batch: training.batch,
    side,
    normalisation: data,
    workers,
    onReplaced: onNotice,
  });

/** The mixes of a step, counted from the beginning of the training; none if it does not mix. */
export const mixesOf = <P, B, S>({ key, mixing, training: { batch }, side }: Training<P, B, S>, step: number): readonly Mix[] =>
  mixing === null ? [] : drawMixes(fold(fold(key, "mix"), step), mixing, batch, side);
