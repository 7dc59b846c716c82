/** A folder or tar archive of photographs as a labelled set: opened when they are needed, of whatever sizes. */
import { statSync } from "node:fs";
import type { HostBatch } from "../batches.ts";
import type { Normalisation } from "../normalise.ts";
import type { DataShape } from "../open.ts";
import { openCollection, type Collection } from "./collection.ts";
import { decodeImage } from "./decode.ts";
import { imageNetClasses } from "./imagenet.ts";
import { layoutOf, splits, type ImageSplit, type LabelledPath } from "./layout.ts";
import { normalisedTensor, preprocess, type Convention } from "./preprocess.ts";

export interface ImageSet {
  /** As it was asked for. */
  readonly name: string;
  /** Names of the classes; a label is an index into them. */
  readonly classes: readonly string[];
  /** Number of images. */
  readonly count: number;
  /** All images, preprocessed and normalised, in the order of their paths; the last batch may be smaller. Ends with the set closed. */
  readonly batches: (batch: number, convention: Convention, normalisation: Normalisation) => AsyncGenerator<HostBatch, void>;
}

/** Channels of a decoded image. */
const RGB = 3;
/** Images that are decoded at once. */
const TOGETHER = 4;

interface Place {
  readonly path: string;
  readonly split: ImageSplit | null;
}

const exists = (path: string): boolean => statSync(path, { throwIfNoEntry: false }) !== undefined;

/** `PATH` or `PATH:SPLIT`, if there is such a folder or archive. */
function placeOf(text: string): Place | null {
  if (exists(text)) return { path: text, split: null };
  const split = splits.find((name) => text.endsWith(`:${name}`));
  if (split === undefined) return null;
  const path = text.slice(0, -split.length - 1);
  return exists(path) ? { path, split } : null;
}

/** Names of K classes for folders of these names: ImageNet's synsets if they all are some and K is 1000, else themselves in order. */
function classesOf(folders: ReadonlySet<string>, K: number): readonly string[] {
  const synsets = imageNetClasses().map(({ synset }) => synset);
  if (K === synsets.length && [...folders].every((folder) => synsets.includes(folder))) return synsets;
  if (folders.size !== K) throw new RangeError(`it has ${folders.size} classes, the model ${K}`);
  return [...folders]; // in order, as their images
}

async function* batchesOf(
  { path: from, read, close }: Collection,
  images: readonly (LabelledPath & { readonly label: number })[],
  S: number,
  batch: number,
  convention: Convention,
  normalisation: Normalisation,
): AsyncGenerator<HostBatch, void> {
  const tensorOf = async (path: string): Promise<Float32Array> => {
    try {
      return normalisedTensor(preprocess(await decodeImage(await read(path)), S, convention), normalisation);
    } catch (error) {
      throw new RangeError(`data: ${from}: ${path}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
    }
  };
  try {
    for (let start = 0; start < images.length; start += batch) {
      const own = images.slice(start, start + batch);
      const data = new Float64Array(own.length * RGB * S * S);
      for (let i = 0; i < own.length; i += TOGETHER) {
        const tensors = await Promise.all(own.slice(i, i + TOGETHER).map(({ path }) => tensorOf(path)));
        for (const [j, tensor] of tensors.entries()) data.set(tensor, (i + j) * RGB * S * S);
      }
      yield { images: { shape: [own.length, RGB, S, S], data }, labels: own.map(({ label }) => label) };
    }
  } finally {
    close();
  }
}

/**
 * The images of a folder or tar archive, `PATH` or `PATH:train|test|val`; null: there is no such folder or file.
 *
 * @param placesOf which of so many images, and in which order; all unless given
 * @throws RangeError for what is no archive, has no images or does not fit the model
 */
export function openImageSet(
  text: string,
  { channels, side, classes: K }: DataShape,
  placesOf: ((count: number) => readonly number[]) | null = null,
): ImageSet | null {
  const place = placeOf(text);
  if (place === null) return null;
  const refuse = (what: string, cause?: unknown): RangeError => new RangeError(`data: ${place.path}: ${what}`, { cause });
  if (channels !== RGB) throw refuse(`it has images of ${RGB} channels, the model takes ${channels}`);
  try {
    const collection = openCollection(place.path);
    const labelled = layoutOf(collection.paths, place.split);
    const classes = classesOf(new Set(labelled.map(({ folder }) => folder).toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0))), K);
    const labels = new Map(classes.map((name, label) => [name, label]));
    const all = labelled.map((image) => ({ ...image, label: labels.get(image.folder) ?? 0 }));
    const images = placesOf === null ? all : placesOf(all.length).flatMap((place) => all[place] ?? []);
    return {
      name: text,
      classes,
      count: images.length,
      batches: (batch, convention, normalisation) => batchesOf(collection, images, side, batch, convention, normalisation),
    };
  } catch (error) {
    throw refuse(error instanceof Error ? error.message : String(error), error);
  }
}
