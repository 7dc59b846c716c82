/** The data of a run: its training images and its test images, opened and tried before anything is written. */
import { evaluationSet, type EvaluationSet } from "../../data/loader/evaluationSet.ts";
import { checkedNormalisation, type Normalisation } from "../../data/normalise.ts";
import { checkSettings } from "../../data/augment/checkSettings.ts";
import type { Dataset } from "../../data/sources/dataset.ts";
import { openDataset } from "../../data/sources/open.ts";
import { balanced, subset } from "../../data/sources/subset.ts";
import { preflight } from "../../data/sources/preflight.ts";
import type { Engine } from "../../kernels/engine.ts";
import { evaluationBatch } from "../evaluation/evaluate.ts";
import { checkBatches } from "./batches.ts";
import { openKept, type Which } from "./keptData.ts";
import type { RunSettings } from "./loop.ts";
import { fold, keyOf } from "../../tensor/key.ts";
import type { Recipe } from "./recipe.ts";

/** Training and test images. */
export interface Sets {
  readonly train: Dataset;
  /** Without augmentation. */
  readonly test: EvaluationSet;
  /** Mean and standard deviation of the pixels, for both. */
  readonly normalisation: Normalisation;
  /** Ends the workers of the test images, and closes both sets. */
  readonly close: () => Promise<void>;
}

/** The training images that a recipe wants. @throws RangeError if there are not so many */
const limited = (all: Dataset, { seed, data: { images } }: Recipe): Dataset =>
  images === null ? all : subset(all, balanced(all, images, fold(keyOf(seed), "images")));

/** The most images of a set that the preflight decodes. */
const TRIED = 256;

/**
 * Opens the data of a recipe.
 *
 * @throws RangeError for an unknown name, data that does not fit the model, more than 1 % of images that cannot be decoded, too few images, or an
 * index of data that is not what it was when the run began
 */
export async function openSets(
  engine: Engine,
  recipe: Recipe,
  run: Pick<RunSettings, "directory" | "resume" | "workers" | "onNotice">,
): Promise<Sets> {
  const { data, model } = recipe;
  const shape = { channels: model.channels, side: model.imageSize, classes: model.classes };
  const normalisation = checkedNormalisation(data, shape.channels);
  checkSettings(data, shape.channels, shape.side);
  const open = (which: Which): Dataset =>
    run.resume ? openKept(run.directory, which, data[which], shape) : openDataset(data[which], shape);
  const train = limited(open("train"), recipe);
  const test = open("test");
  checkBatches(recipe, train);
  if (train.digest === test.digest)
    run.onNotice(`data: ${data.train} and ${data.test} are the same images, so the accuracies are those of training images`);
  for (const set of [train, test]) for (const { message } of (await preflight(set, TRIED)).samples()) run.onNotice(`data: ${message}`);
  const tested = evaluationSet({
    dataset: test,
    side: shape.side,
    convention: "deit",
    normalisation,
    batch: evaluationBatch(engine, model),
    workers: run.workers,
    onReplaced: run.onNotice,
  });
  const close = async (): Promise<void> => {
    await tested.close();
    train.close();
    test.close();
  };
  return { train, test: tested, normalisation, close };
}
