/** A set to evaluate on: all its images in order, preprocessed and without augmentation (deit.md 7.12). */
import type { Convention } from "../images/preprocess.ts";
import type { Normalisation } from "../normalise.ts";
import type { Dataset } from "../sources/dataset.ts";
import type { HostBatch } from "./batch.ts";
import type { ViewJob } from "./fillImage.ts";
import { openLoader } from "./loader.ts";
import { inOrder } from "./sampler.ts";

/** How the images of a set become batches, whatever is shown of them. */
export interface OrderedSettings {
  readonly dataset: Dataset;
  /** S, in pixels. */
  readonly side: number;
  readonly normalisation: Normalisation;
  /** The most images of a batch. */
  readonly batch: number;
  /** Workers that decode photographs; the calling thread makes images that need no decoding. */
  readonly workers: number;
  /** Called with one line when an image cannot be decoded and is replaced; null: such an image is an error. */
  readonly onReplaced: ((line: string) => void) | null;
}

/** What a set is evaluated by. */
export interface EvaluationSettings extends OrderedSettings {
  /** How photographs are resized and cropped. */
  readonly convention: Convention;
}

/** A set to evaluate on. */
export interface EvaluationSet {
  /** The set itself. */
  readonly dataset: Dataset;
  /** All images in batches of at most `most`; each call begins with the first. One iteration at a time. */
  readonly batches: (most?: number) => AsyncGenerator<HostBatch, void>;
  /** The distinct numbers of images of these batches: that of the full ones, and that of a smaller last one. */
  readonly sizes: (most?: number) => readonly number[];
  /** Ends the workers. The set stays open. */
  readonly close: () => Promise<void>;
}

/** Opens a set whose images are each seen once, in their order, as `job` shows them. @throws what `openLoader` and its batches throw */
export function orderedSet(settings: OrderedSettings, job: ViewJob): EvaluationSet {
  const { dataset, workers } = settings;
  const loader = openLoader({ ...settings, job, workers: dataset.side === null ? workers : 0 });
  const atMost = (most: number): number => Math.min(most, settings.batch, dataset.count);
  return {
    dataset,
    batches: (most = settings.batch) => loader.batches(inOrder(dataset.count, atMost(most))),
    sizes: (most = settings.batch) => [...new Set([atMost(most), dataset.count % atMost(most)])].filter((size) => size > 0),
    close: loader.close,
  };
}

/** Opens a set to evaluate on. @throws what `openLoader` and its batches throw */
export const evaluationSet = ({ convention, ...settings }: EvaluationSettings): EvaluationSet =>
  orderedSet(settings, { kind: "preprocess", convention });
