/** The batches of a training: which images a step sees, how they are augmented, and how they are mixed. All of it follows from the number of steps done. */
import { openLoader, type Loader } from "../../data/loader/loader.ts";
import { checkOrder, trainingOrder, type BatchRequest, type OrderSettings, type TrainingOrder } from "../../data/loader/sampler.ts";
import type { Dataset } from "../../data/sources/dataset.ts";
import { fold } from "../../tensor/key.ts";
import { drawMixes, isMixing, type Mix } from "../mixing/drawMix.ts";
import type { RunSettings } from "./loop.ts";
import type { DataRecipe, Recipe } from "./recipe.ts";
import type { Training } from "./training.ts";

/** The order in which a training sees its images. @throws RangeError if an epoch has not one full batch */
export const orderOf = <P, B, S>({ key, dataset, data, training: { batch }, group }: Training<P, B, S>): TrainingOrder =>
  trainingOrder(key, dataset, orderSettings(batch, data, group));

/** How a batch is divided: with repetition into replicas of `group` images, as the authors' 16 GPUs had 64 each. */
const orderSettings = (batch: number, { repeats }: DataRecipe, group: number): OrderSettings => ({
  batch,
  repeats,
  replicas: repeats > 1 && batch % group === 0 ? batch / group : 1,
});

/** @throws RangeError if the set has no full batch for teacher or student */
export function checkBatches({ data, mixing, training, teachers }: Recipe, set: Dataset): void {
  for (const { batch } of [...teachers.flatMap((teacher) => ("training" in teacher ? [teacher.training] : [])), training])
    checkOrder(set, orderSettings(batch, data, mixing.group));
}

/** Samples `from` … `to − 1` of a batch. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

/** The part of every batch that one of several ranks trains on. */
export interface Share {
  /** What the rank trains on. */
  readonly own: Range;
  /** What it loads: its own samples, and those that are mixed with them. */
  readonly loaded: Range;
  /** Samples of a micro-batch. */
  readonly micro: number;
}

/** The number of samples of a group that is mixed alike; 1: nothing is mixed. */
function groupOf<P, B, S>({ mixing, training: { batch } }: Training<P, B, S>): number {
  if (mixing === null || !isMixing(mixing)) return 1;
  return batch / Math.max(1, Math.floor(batch / mixing.group));
}

/** The share of a rank, or of the only process (0 of 1): equal runs of samples, in the order of the ranks. */
export function shareOf<P, B, S>(of: Training<P, B, S>, rank: number, count: number): Share {
  const { batch, microBatch } = of.training;
  const each = batch / count;
  const group = groupOf(of);
  const own = { from: rank * each, to: (rank + 1) * each };
  const loaded = { from: Math.floor(own.from / group) * group, to: Math.ceil(own.to / group) * group };
  return { own, loaded, micro: Math.min(microBatch ?? batch, each) };
}

/** The requests of the steps from `step` on, for the samples that a rank loads. */
export function* requestsFrom({ request }: TrainingOrder, { loaded }: Share, step: number, steps: number): Generator<BatchRequest, void> {
  for (let next = step; next < steps; next++) {
    const { epoch, views } = request(next);
    yield { epoch, views: views.slice(loaded.from, loaded.to) };
  }
}

/** The loader of a training's views. @throws RangeError for statistics that do not fit the images */
export const loaderOf = <P, B, S>(
  { dataset, key, data, side }: Training<P, B, S>,
  { loaded }: Share,
  { workers, onNotice }: RunSettings,
): Loader =>
  openLoader({
    dataset,
    job: { kind: "augment", key, settings: data },
    batch: loaded.to - loaded.from,
    side,
    normalisation: data,
    workers,
    onReplaced: onNotice,
  });

/** The mixes of the samples that a rank loads, at a step counted from the beginning of the training; none if nothing is ever mixed. */
export function mixesOf<P, B, S>(of: Training<P, B, S>, { loaded }: Share, step: number): readonly Mix[] {
  const { key, mixing, training, side } = of;
  if (mixing === null) return [];
  const group = groupOf(of);
  return drawMixes(fold(fold(key, "mix"), step), mixing, training.batch, side).slice(loaded.from / group, loaded.to / group);
}
