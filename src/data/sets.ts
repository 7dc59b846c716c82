/** The two parts of a run's data: what it learns from, and what it is judged by. */
import { EVALUATION_BATCH, evaluationBatches, evaluationSizes, type HostBatch } from "./batches.ts";
import type { Dataset } from "./dataset.ts";
import { checkedNormalisation, type Normalisation } from "./normalise.ts";
import { openDataset, type DataShape } from "./open.ts";

export interface Sets {
  readonly train: Dataset;
  readonly test: Dataset;
  /** Of both. */
  readonly normalisation: Normalisation;
  /** The test images as they are, from the first on at each call: so many at once, or EVALUATION_BATCH if that is less. */
  readonly testBatches: (most: number) => Iterable<HostBatch>;
  /** How many images these batches have, each number once. */
  readonly testSizes: (most: number) => readonly number[];
}

/**
 * Opens both.
 *
 * @throws RangeError for an unknown name, or data that does not fit the model or each other
 */
export function openSets(names: { readonly train: string; readonly test: string } & Normalisation, shape: DataShape): Sets {
  const normalisation = checkedNormalisation(names, shape.channels);
  const [train, test] = [openDataset(names.train, shape), openDataset(names.test, shape)];
  const batch = (most: number): number => Math.min(most, EVALUATION_BATCH);
  return {
    train,
    test,
    normalisation,
    testBatches: (most) => evaluationBatches(test, batch(most), normalisation),
    testSizes: (most) => evaluationSizes(test.count, batch(most)),
  };
}
