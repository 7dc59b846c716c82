/** What `deit inspect` looks at: an image file, or an image of a data set and the set. */
import { statSync } from "node:fs";
import { basename } from "node:path";
import { evaluationBatches } from "../data/batches.ts";
import type { Dataset } from "../data/dataset.ts";
import { imageAt } from "../data/images/file.ts";
import { normalisedTensor, preprocess, type Convention } from "../data/images/preprocess.ts";
import { checkedNormalisation, type Normalisation } from "../data/normalise.ts";
import { openDataset } from "../data/open.ts";
import { spread, subset } from "../data/subset.ts";
import type { InspectedSet, Subject } from "../inspect/inspection.ts";
import { classNames } from "./classNames.ts";
import type { WeightedModel } from "./weights.ts";

export interface InspectedOptions {
  /** Which image of a data set. */
  readonly index?: number;
  /** How many images of a data set. */
  readonly images?: number;
  /** How an image file is cropped. */
  readonly convention: Convention;
}

export interface Inspected {
  readonly subject: Subject;
  /** null: an image file. */
  readonly set: InspectedSet | null;
}

/** Images a forward pass; no result depends on it. */
const BATCH = 20;
const RGB = 3;

/** A file, or what must be meant as one. */
const isImage = (what: string): boolean =>
  /\.(jpe?g|png|webp)$/i.test(what) || (!what.endsWith(".tar") && (statSync(what, { throwIfNoEntry: false })?.isFile() ?? false));

async function ofFile(
  path: string,
  { config, preprocessing, classes: named }: WeightedModel,
  options: InspectedOptions,
): Promise<Inspected> {
  const given = (["index", "images"] as const).find((name) => options[name] !== undefined);
  if (given !== undefined) throw new RangeError(`--${given} goes with a data set, and ${path} is one image`);
  const { channels, imageSize: S } = config;
  if (channels !== RGB)
    throw new RangeError(`${path} is read as an image of ${RGB} channels, the model takes ${channels}; a data set would do`);
  const cropped = preprocess(await imageAt(path), S, options.convention);
  const pixels = Float64Array.from(normalisedTensor(cropped, { mean: [0, 0, 0], std: [1, 1, 1] }));
  const tensor = normalisedTensor(cropped, checkedNormalisation(preprocessing, channels));
  const images = { shape: [1, channels, S, S], data: Float64Array.from(tensor) };
  const classes = classNames(named, config.classes).map(({ label }) => label);
  return { subject: { name: basename(path), pixels, images, label: null, classes }, set: null };
}

function subjectOf(dataset: Dataset, index: number, normalisation: Normalisation): Subject {
  const { name, count, classes } = dataset;
  if (index >= count) throw new RangeError(`--index ${index}: ${name} has ${count} images, 0 … ${count - 1}`);
  const [batch] = evaluationBatches(subset(dataset, [index]), 1, normalisation);
  if (batch === undefined) throw new RangeError(`${name} has no images`);
  return { name: `image ${index} of ${name}`, pixels: dataset.pixels(index), images: batch.images, label: dataset.label(index), classes };
}

function ofData(text: string, { config, preprocessing }: WeightedModel, { index = 0, images }: InspectedOptions): Inspected {
  const { channels, imageSize: side, classes } = config;
  const dataset = openDataset(text, { channels, side, classes });
  const normalisation = checkedNormalisation(preprocessing, channels);
  const some = subset(dataset, spread(dataset.count, images ?? dataset.count));
  return {
    subject: subjectOf(dataset, index, normalisation),
    set: { name: dataset.name, batches: () => evaluationBatches(some, BATCH, normalisation) },
  };
}

/**
 * A file's image as evaluations crop it (deit.md 7.12), or image `index` of a data set.
 *
 * @throws RangeError for what is missing or does not fit the model
 */
export const inspectedOf = async (what: string, model: WeightedModel, options: InspectedOptions): Promise<Inspected> =>
  isImage(what) ? ofFile(what, model, options) : ofData(what, model, options);
