/** A set to evaluate on: all its images in order, preprocessed and without augmentation (deit.md 7.12). */
import type { Convention } from "../images/preprocess.ts";
import type { Normalisation } from "../normalise.ts";
import type { Dataset } from "../sources/dataset.ts";
import type { HostBatch } from "./batch.ts";
import { openLoader } from "./loader.ts";
import { inOrder } from "./sampler.ts";

/** What a set is evaluated by. */
export interface EvaluationSettings {
  readonly dataset: Dataset;
  /** S, in pixels. */
  readonly side: number;
  /** How photographs are resized and cropped. */
  readonly convention: Convention;
  readonly normalisation: Normalisation;
  /** The most images of a batch. */
  readonly batch: number;
  /** Workers that decode photographs; the calling thread makes images that need no decoding. */
  readonly workers: number;
  /** Called with one line when an image cannot be decoded and is replaced; null: such an image is an error. */
  readonly onReplaced: ((line: string) => void) | null;
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

/** Opens a set to evaluate on. @throws what `openLoader` and its batches throw */
export function evaluationSet(settings: EvaluationSettings): EvaluationSet {
  const { dataset, convention, workers } = settings;
  const loader = openLoader({
    ...settings,
    job: { kind: "preprocess", convention },
    workers: dataset.side === null ? workers : 0,
  });
  const atMost = (most: number): number => Math.min(most, settings.batch, dataset.count);
  return {
    dataset,
    batches: (most = settings.batch) => loader.batches(inOrder(dataset.count, atMost(most))),
    sizes: (most = settings.batch) => [...new Set([atMost(most), dataset.count % atMost(most)])].filter((size) => size > 0),
    close: loader.close,
  };
}
