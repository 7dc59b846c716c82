/** The data of a run: its training images and its test images. */
import { EVALUATION_BATCH, evaluationBatches, evaluationSizes, type HostBatch } from "./batches.ts";
import type { Dataset } from "./dataset.ts";
import { checkedNormalisation, type Normalisation } from "./normalise.ts";
import { openDataset, type DataShape } from "./open.ts";

/** Training and test images. */
export interface Sets {
  readonly train: Dataset;
  readonly test: Dataset;
  /** Applied to both. */
  readonly normalisation: Normalisation;
  /** The test images without augmentation, in batches of at most `most` and EVALUATION_BATCH images; each call begins with the first. */
  readonly testBatches: (most: number) => Iterable<HostBatch>;
  /** The distinct sizes of these batches. */
  readonly testSizes: (most: number) => readonly number[];
}

/**
 * Opens training and test images.
 *
 * @throws RangeError for an unknown name, or data that does not fit the model
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
