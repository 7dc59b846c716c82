/** A folder or tar archive of photographs as a labelled set. The images may have any sizes and are read when they are needed. */
import { statSync } from "node:fs";
import type { HostBatch } from "../batches.ts";
import type { Normalisation } from "../normalise.ts";
import type { DataShape } from "../open.ts";
import { openCollection, type Collection } from "./collection.ts";
import { decodeImage } from "./decode.ts";
import { imageNetClasses } from "./imagenet.ts";
import { layoutOf, splits, type ImageSplit, type LabelledPath } from "./layout.ts";
import { normalisedTensor, preprocess, type Convention } from "./preprocess.ts";

/** A labelled set of image files. */
export interface ImageSet {
  /** The text by which it was opened. */
  readonly name: string;
  /** Names of the classes; a label is an index into them. */
  readonly classes: readonly string[];
  /** Number of images. */
  readonly count: number;
  /** All images, preprocessed and normalised, in the order of their paths; the last batch may be smaller. The set is closed at the end. */
  readonly batches: (batch: number, convention: Convention, normalisation: Normalisation) => AsyncGenerator<HostBatch, void>;
}

/** Channels of a decoded image. */
const RGB = 3;
/** Images that are decoded at a time. */
const AT_A_TIME = 4;

/** Where a set is, and which split of it is meant; null: none is named. */
interface SetPath {
  readonly path: string;
  readonly split: ImageSplit | null;
}

const exists = (path: string): boolean => statSync(path, { throwIfNoEntry: false }) !== undefined;

/** Parses `PATH` or `PATH:SPLIT`; null: there is no such folder or archive. */
function setPathOf(text: string): SetPath | null {
  if (exists(text)) return { path: text, split: null };
  const split = splits.find((name) => text.endsWith(`:${name}`));
  if (split === undefined) return null;
  const path = text.slice(0, -split.length - 1);
  return exists(path) ? { path, split } : null;
}

/** The names of K classes: ImageNet's synsets if K is 1000 and every folder is named by one, else the folders' names, sorted. */
function classesOf(folders: ReadonlySet<string>, K: number): readonly string[] {
  const synsets = imageNetClasses().map(({ synset }) => synset);
  if (K === synsets.length && [...folders].every((folder) => synsets.includes(folder))) return synsets;
  if (folders.size !== K) throw new RangeError(`it has ${folders.size} classes, the model has ${K}`);
  return [...folders]; // sorted by the caller
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
      for (let i = 0; i < own.length; i += AT_A_TIME) {
        const tensors = await Promise.all(own.slice(i, i + AT_A_TIME).map(({ path }) => tensorOf(path)));
        for (const [j, tensor] of tensors.entries()) data.set(tensor, (i + j) * RGB * S * S);
      }
      yield { images: { shape: [own.length, RGB, S, S], data }, labels: own.map(({ label }) => label) };
    }
  } finally {
    close();
  }
}

/**
 * Opens the images of a folder or tar archive, `PATH` or `PATH:train|test|val`; null: there is no such folder or file.
 *
 * @param chosen the indices of the images to take, in order, given their number; null: all of them
 * @throws RangeError for a file that is not an archive, for a set without images, or one that does not fit the model
 */
export function openImageSet(
  text: string,
  { channels, side, classes: K }: DataShape,
  chosen: ((count: number) => readonly number[]) | null = null,
): ImageSet | null {
  const source = setPathOf(text);
  if (source === null) return null;
  const refuse = (what: string, cause?: unknown): RangeError => new RangeError(`data: ${source.path}: ${what}`, { cause });
  if (channels !== RGB) throw refuse(`it has images of ${RGB} channels, the model takes ${channels}`);
  try {
    const collection = openCollection(source.path);
    const labelled = layoutOf(collection.paths, source.split);
    const classes = classesOf(new Set(labelled.map(({ folder }) => folder).toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0))), K);
    const labels = new Map(classes.map((name, label) => [name, label]));
    const all = labelled.map((image) => ({ ...image, label: labels.get(image.folder) ?? 0 }));
    const images = chosen === null ? all : chosen(all.length).flatMap((i) => all[i] ?? []);
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
