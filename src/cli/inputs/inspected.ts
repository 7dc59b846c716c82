/** Opens what `deit inspect` shows: an image file, or an image of a data set together with the set. */
import { statSync } from "node:fs";
import { basename } from "node:path";
import { evaluationBatches, type HostBatch } from "../../data/batches.ts";
import type { Dataset } from "../../data/dataset.ts";
import { imageAt } from "../../data/images/file.ts";
import { openImageSet, type ImageSet } from "../../data/images/imageSet.ts";
import { normalisedTensor, preprocess, type Convention } from "../../data/images/preprocess.ts";
import { checkedNormalisation, normalise, type Normalisation } from "../../data/normalise.ts";
import { isNamed, openDataset, type DataShape } from "../../data/open.ts";
import { spread, subset } from "../../data/subset.ts";
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
}

export interface Inspected {
  readonly image: InspectedImage;
  /** The data set; null: the image is a file. */
  readonly set: Omit<InspectedSet, "teacher"> | null;
}

/** How many images a forward pass takes; no result depends on it. */
const BATCH = 20;
const RGB = 3;
/** Leaves pixels scaled to [0, 1] unchanged. */
const PLAIN: Normalisation = { mean: [0, 0, 0], std: [1, 1, 1] };

/** Whether this is an image file, or must be meant as one because of its name. */
const isImage = (what: string): boolean =>
  /\.(jpe?g|png|webp)$/i.test(what) || (!what.endsWith(".tar") && (statSync(what, { throwIfNoEntry: false })?.isFile() ?? false));

async function ofFile(
  path: string,
  { config, preprocessing, classes: named }: WeightedModel,
  options: InspectedOptions,
): Promise<Inspected> {
  const given = (["index", "images"] as const).find((name) => options[name] !== undefined);
  if (given !== undefined) throw new RangeError(`--${given} needs a data set, and ${path} is one image`);
  const { channels, imageSize: S } = config;
  if (channels !== RGB)
    throw new RangeError(
      `${path} is read as an image of ${RGB} channels, but the model takes ${channels}; use a data set of images with ${channels}`,
    );
  const cropped = preprocess(await imageAt(path), S, options.convention);
  const pixels = Float64Array.from(normalisedTensor(cropped, PLAIN));
  const tensor = normalisedTensor(cropped, checkedNormalisation(preprocessing, channels));
  const images = { shape: [1, channels, S, S], data: Float64Array.from(tensor) };
  const classes = classNames(named, config.classes).map(({ label }) => label);
  return { image: { name: basename(path), pixels, images, label: null, classes }, set: null };
}

const badIndex = (index: number, name: string, count: number): RangeError =>
  new RangeError(`--index ${index}: ${name} has ${count} images, 0 … ${count - 1}`);

/** An image of a data set of which any image can be read directly. */
function ofDataset(dataset: Dataset, normalisation: Normalisation, { index = 0, images }: InspectedOptions): Inspected {
  const { name, count, classes } = dataset;
  if (index >= count) throw badIndex(index, name, count);
  const some = subset(dataset, spread(count, images ?? count));
  const tensor = Float64Array.from(normalise(dataset.pixels(index), normalisation));
  const { channels, side } = dataset;
  return {
    image: {
      name: `image ${index} of ${name}`,
      pixels: dataset.pixels(index),
      images: { shape: [1, channels, side, side], data: tensor },
      label: dataset.label(index),
      classes,
    },
    set: { name, batches: () => evaluationBatches(some, BATCH, normalisation) },
  };
}

/** An image of a folder or archive of photographs, which is opened again for each pass; null: there is no such folder or archive. */
async function ofImageSet(
  text: string,
  shape: DataShape,
  normalisation: Normalisation,
  { index = 0, images, convention }: InspectedOptions,
): Promise<Inspected | null> {
  const one = async (as: Normalisation): Promise<HostBatch | null> => {
    const set = openImageSet(text, shape, (count) => {
      if (index >= count) throw badIndex(index, text, count);
      return [index];
    });
    for await (const batch of set?.batches(1, convention, as) ?? []) return batch;
    return null;
  };
  const [plain, normalised] = [await one(PLAIN), await one(normalisation)];
  if (plain === null || normalised === null) return null;
  const open = (): ImageSet | null => openImageSet(text, shape, (count) => spread(count, images ?? count));
  const classes = classNames(open()?.classes ?? null, shape.classes).map(({ label }) => label);
  return {
    image: {
      name: `image ${index} of ${text}`,
      pixels: plain.images.data,
      images: normalised.images,
      label: normalised.labels[0] ?? null,
      classes,
    },
    set: { name: text, batches: () => open()?.batches(BATCH, convention, normalisation) ?? [] },
  };
}

async function ofData(text: string, { config, preprocessing }: WeightedModel, options: InspectedOptions): Promise<Inspected> {
  const { channels, imageSize: side, classes } = config;
  const shape = { channels, side, classes };
  const normalisation = checkedNormalisation(preprocessing, channels);
  const photographs = isNamed(text) ? null : await ofImageSet(text, shape, normalisation, options);
  return photographs ?? ofDataset(openDataset(text, shape), normalisation, options);
}

/**
 * The image of a file, cropped as for an evaluation (deit.md 7.12), or image `index` of a data set.
 *
 * @throws RangeError for what is missing or does not fit the model
 */
export const inspectedOf = (what: string, model: WeightedModel, options: InspectedOptions): Promise<Inspected> =>
  isImage(what) ? ofFile(what, model, options) : ofData(what, model, options);
