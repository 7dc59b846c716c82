/** Batches for specs, made by the calling thread. */
import type { AugmentSettings } from "../../src/data/augment/settings.ts";
import type { HostBatch } from "../../src/data/loader/batch.ts";
import { evaluationSet } from "../../src/data/loader/evaluationSet.ts";
import { openLoader } from "../../src/data/loader/loader.ts";
import { trainingOrder } from "../../src/data/loader/sampler.ts";
import type { Normalisation } from "../../src/data/normalise.ts";
import type { Dataset } from "../../src/data/sources/dataset.ts";
import type { Key } from "../../src/tensor/key.ts";

/** All images of a set whose images have the model's size, in order. */
export const evaluationBatches = (dataset: Dataset, batch: number, normalisation: Normalisation): AsyncGenerator<HostBatch, void> =>
  evaluationSet({
    dataset,
    side: dataset.side ?? NaN,
    convention: "deit",
    normalisation,
    batch,
    workers: 0,
    onReplaced: null,
  }).batches();

/** The small augmentation of the digits. */
export const slight: AugmentSettings = {
  crop: "padded",
  area: [0.08, 1],
  aspect: [0.75, 4 / 3],
  padding: 1,
  flip: false,
  rotation: 10,
  policy: { kind: "none" },
  colourJitter: 0,
  erasing: 0,
};

/** The batches of a training's first steps, each image once an epoch. */
export async function* trainingBatches(
  dataset: Dataset,
  key: Key,
  { batch, steps, settings, normalisation }: { batch: number; steps: number; settings: AugmentSettings; normalisation: Normalisation },
): AsyncGenerator<HostBatch, void> {
  const { request } = trainingOrder(key, dataset, { batch, repeats: 1, replicas: 1 });
  const loader = openLoader({
    dataset,
    job: { kind: "augment", key, settings },
    batch,
    side: dataset.side ?? NaN,
    normalisation,
    workers: 0,
    onReplaced: null,
  });
  yield* loader.batches(Array.from({ length: steps }, (_, step) => request(step)));
}
