/**
 * The loader: makes batches of 8-bit images, in worker threads ahead of the training, or in the calling thread. What is in a batch depends on the
 * set, the job and the request only, never on the number of workers.
 */
import { checkedNormalisation, type Normalisation } from "../normalise.ts";
import { simdKernels } from "../pixels/simd.ts";
import type { Dataset } from "../sources/dataset.ts";
import { corruptTally } from "../sources/replace.ts";
import { batchIn } from "./batchIn.ts";
import type { HostBatch } from "./batch.ts";
import type { ViewJob } from "./fillImage.ts";
import { inTurn } from "./inTurn.ts";
import type { BatchRequest } from "./sampler.ts";
import type { SlotSize } from "./slot.ts";
import { startWorkers, type SlotSource } from "./workers.ts";
import { imageTimes, type ImageTimes } from "./timings.ts";

/** What a loader makes, and how. */
export interface LoaderSettings {
  readonly dataset: Dataset;
  /** How an image becomes a view. */
  readonly job: ViewJob;
  /** The most images of a batch. */
  readonly batch: number;
  /** S, in pixels. */
  readonly side: number;
  /** Goes into the batches as it is: the engine normalises. */
  readonly normalisation: Normalisation;
  /** The number of workers; 0: the calling thread makes the batches itself, when they are asked for. */
  readonly workers: number;
  /** Called with one line when an image cannot be decoded and is replaced; null: such an image is an error. */
  readonly onReplaced: ((line: string) => void) | null;
}

/** Makes batches. */
export interface Loader {
  /** The batches of these requests, in their order, each valid until the next is asked for. One iteration at a time. */
  readonly batches: (requests: Iterable<BatchRequest>) => AsyncGenerator<HostBatch, void>;
  /** Where the time of the images went since the loader was opened. */
  readonly times: () => ImageTimes;
  /** Ends the workers. The set stays open. */
  readonly close: () => Promise<void>;
}

/**
 * Opens a loader on a set.
 *
 * @throws RangeError for statistics that do not fit the images. A batch throws if more than 1 % of the set's images cannot be decoded, if one
 * cannot and `onReplaced` is null, or if a worker dies
 */
export function openLoader({ dataset, job, batch, side, normalisation, workers, onReplaced }: LoaderSettings): Loader {
  const size: SlotSize = { images: batch, channels: dataset.channels, side };
  checkedNormalisation(normalisation, dataset.channels);
  const tally = corruptTally(dataset.count);
  const replaced = (sample: number, message: string): void => {
    if (onReplaced === null) throw new RangeError(`data: ${message}`);
    const before = tally.samples().length;
    tally.add([{ sample, message }]);
    if (tally.samples().length > before) onReplaced(`data: ${message}; another image takes its place`);
  };
  const source: SlotSource =
    workers === 0
      ? inTurn({ dataset, job, size, kernels: simdKernels(), onCorrupt: (sample, { message }) => replaced(sample, message) })
      : startWorkers({ workers, dataset: dataset.handle, job, size, onCorrupt: replaced, nameOf: dataset.nameOf });
  return {
    async *batches(requests) {
      for await (const slot of source.slots(requests)) yield batchIn(slot, size, job, normalisation);
    },
    times: () => imageTimes(source.timings),
    close: source.close,
  };
}
