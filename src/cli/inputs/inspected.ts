/** Opens what `deit inspect` shows: an image file, or an image of a data set together with the set. */
import { statSync } from "node:fs";
import { basename } from "node:path";
import { imageAt } from "../../data/images/file.ts";
import { normalisedTensor, preprocess, type Convention } from "../../data/images/preprocess.ts";
import type { Batches } from "../../data/loader/batch.ts";
import { evaluationSet } from "../../data/loader/evaluationSet.ts";
import { evaluationView } from "../../data/loader/fillImage.ts";
import { checkedNormalisation, type Normalisation } from "../../data/normalise.ts";
import type { Pixels } from "../../data/pixels/pixels.ts";
import { simdKernels } from "../../data/pixels/simd.ts";
import { imageWith } from "../../data/sources/channels.ts";
import type { Dataset } from "../../data/sources/dataset.ts";
import { openDataset } from "../../data/sources/open.ts";
import { spread, subset } from "../../data/sources/subset.ts";
import type { InspectedSet, InspectedImage } from "../../inspect/inspection.ts";
import { classNames } from "./classNames.ts";
import type { WeightedModel } from "./weights.ts";

export interface InspectedOptions {
  /** Which image of a data set to inspect. */
  readonly index?: number;
  /** On how many images of a data set to measure. */
  readonly images?: number;
  /** How an image file is cropped. */
  readonly convention: Convention;
  /** Weights whose decisions on a data set are compared. */
  readonly beside?: readonly string[];
}

export interface Inspected {
  readonly image: InspectedImage;
  /** The data set; null: the image is a file. */
  readonly set: Omit<InspectedSet, "teacher" | "beside"> | null;
}

/** How many images a forward pass takes; no result depends on it. */
const BATCH = 20;

/** A preprocessed image as numbers: as they are shown, full scale 1, and as the network takes them. */
function numbersOf(seen: Pixels, normalisation: Normalisation): Pick<InspectedImage, "pixels" | "images"> {
  const plain = { mean: normalisation.mean.map(() => 0), std: normalisation.std.map(() => 1) };
  return {
    pixels: Float64Array.from(normalisedTensor(seen, plain)),
    images: { shape: [1, seen.channels, seen.height, seen.width], data: Float64Array.from(normalisedTensor(seen, normalisation)) },
  };
}

/** Whether this is an image file, or must be meant as one because of its name. */
const isImage = (what: string): boolean =>
  /\.(jpe?g|png|webp)$/i.test(what) || (!what.endsWith(".tar") && (statSync(what, { throwIfNoEntry: false })?.isFile() ?? false));

async function ofFile(
  path: string,
  { config, preprocessing, classes: named }: WeightedModel,
  options: InspectedOptions,
): Promise<Inspected> {
  const given = (["index", "images", "beside"] as const).find((name) => options[name] !== undefined);
  if (given !== undefined) throw new RangeError(`--${given} needs a data set, and ${path} is one image`);
  const { channels, imageSize: S } = config;
  const cropped = preprocess(imageWith(await imageAt(path), channels, path), S, options.convention);
  const classes = classNames(named, config.classes).map(({ label }) => label);
  return {
    image: { name: basename(path), ...numbersOf(cropped, checkedNormalisation(preprocessing, channels)), label: null, classes },
    set: null,
  };
}

const badIndex = (index: number, name: string, count: number): RangeError =>
  new RangeError(`--index ${index}: ${name} has ${count} images, 0 … ${count - 1}`);

/** A data set as a model takes it, and all its batches or those of some images. */
export function measuredSet(
  text: string,
  { config, preprocessing }: WeightedModel,
  { images, convention }: InspectedOptions,
): { readonly dataset: Dataset; readonly batches: () => Batches } {
  const { channels, imageSize: side, classes } = config;
  const dataset = openDataset(text, { channels, side, classes });
  const some = subset(dataset, spread(dataset.count, images ?? dataset.count));
  const normalisation = checkedNormalisation(preprocessing, channels);
  const set = evaluationSet({ dataset: some, side, convention, normalisation, batch: BATCH, workers: 0, onReplaced: null });
  return { dataset, batches: () => set.batches() };
}

/** An image of a data set, and the set. */
async function ofData(text: string, model: WeightedModel, options: InspectedOptions): Promise<Inspected> {
  const { config, preprocessing } = model;
  const { index = 0, convention } = options;
  const { dataset, batches } = measuredSet(text, model, options);
  const { name, count } = dataset;
  if (index >= count) throw badIndex(index, name, count);
  const seen = evaluationView(dataset, await dataset.image(index), config.imageSize, convention, simdKernels());
  const classes = classNames(dataset.classes, config.classes).map(({ label }) => label);
  const numbers = numbersOf(seen, checkedNormalisation(preprocessing, config.channels));
  return {
    image: { name: `image ${index} of ${name}`, ...numbers, label: dataset.label(index), classes },
    set: { name, batches },
  };
}

/**
 * The image of a file, cropped as for an evaluation (deit.md 7.12), or image `index` of a data set.
 *
 * @throws RangeError for what is missing or does not fit the model
 */
export const inspectedOf = (what: string, model: WeightedModel, options: InspectedOptions): Promise<Inspected> =>
  isImage(what) ? ofFile(what, model, options) : ofData(what, model, options);
