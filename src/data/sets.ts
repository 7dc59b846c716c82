/** The two parts of a run's data: what it learns from, and what it is judged by. */
import { evaluationBatches, type HostBatch } from "./batches.ts";
import type { Dataset } from "./dataset.ts";
import { checkedNormalisation, type Normalisation } from "./normalise.ts";
import { openDataset, type DataShape } from "./open.ts";

export interface Sets {
  readonly train: Dataset;
  readonly test: Dataset;
  /** Of both. */
  readonly normalisation: Normalisation;
  /** The test images as they are, from the first on at each call. */
  readonly testBatches: () => Iterable<HostBatch>;
}

/** Images a forward pass of an evaluation; no result depends on it. */
const EVALUATION_BATCH = 60;

/**
 * Opens both.
 *
 * @throws RangeError for an unknown name, or data that does not fit the model or each other
 */
export function openSets(names: { readonly train: string; readonly test: string } & Normalisation, shape: DataShape): Sets {
  const normalisation = checkedNormalisation(names, shape.channels);
  const [train, test] = [openDataset(names.train, shape), openDataset(names.test, shape)];
  return { train, test, normalisation, testBatches: () => evaluationBatches(test, EVALUATION_BATCH, normalisation) };
}
