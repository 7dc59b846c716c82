/**
 * Opens data sets by the texts that recipes and commands give.
 *
 *   digits[:train|test]                       the bundled digits
 *   cifar10:PATH[:train|test], cifar100:…     the binary files, or images
 *   synthetic:N                               N images from a formula
 *   PATH[:train|test|val]                     a folder, a `.tar` or shards `NAME-{00000..00099}.tar` of images
 *
 * The default split is `test`, of images `test` or else `val`. Sets of one and of three channels suit models of either (channels.ts).
 */
import { statSync } from "node:fs";
import { indexOf, type ImageIndex } from "../index/imageIndex.ts";
import { readIndex } from "../index/indexFile.ts";
import { changeOf } from "../index/origin.ts";
import { splits, type ImageSplit } from "../images/layout.ts";
import { indexArchives } from "./archives.ts";
import { canConvert, withChannels } from "./channels.ts";
import { cifarSplits, readCifar, type CifarName } from "./cifar.ts";
import { cifarRecords } from "./cifarRecords.ts";
import type { Dataset, DataShape } from "./dataset.ts";
import { digits } from "./digits.ts";
import { indexFolder } from "./folder.ts";
import { located } from "./located.ts";
import { photographs } from "./photographs.ts";
import { hasRange, shardPaths } from "./shards.ts";
import { synthetic } from "./synthetic.ts";

/** The forms of text that `openDataset` knows. */
export const knownData: readonly string[] = [
  "digits[:train|test]",
  "cifar10:PATH[:train|test]",
  "cifar100:PATH[:train|test]",
  "synthetic:N",
  "a folder or .tar of images[:train|test|val] with one sub-folder a class",
  "shards NAME-{00000..00099}.tar",
];

/** Channels of a decoded photograph. */
const RGB = 3;

/** Where images are, and which split of them is meant; null: none is named. */
interface SetPath {
  readonly path: string;
  readonly split: ImageSplit | null;
}

const exists = (path: string): boolean => statSync(path, { throwIfNoEntry: false }) !== undefined;

/** Parses `PATH` or `PATH:SPLIT`. The name of a folder or archive may itself end like a split. */
function setPathOf(text: string): SetPath {
  const split = exists(text) ? null : (splits.find((name) => text.endsWith(`:${name}`)) ?? null);
  return { path: split === null ? text : text.slice(0, -split.length - 1), split };
}

const isThere = ({ path }: SetPath): boolean => exists(path) || hasRange(path);

/** Indexes a folder, an archive or shards. @throws RangeError */
function indexed(text: string, { path, split }: SetPath, K: number): ImageIndex {
  const isFolder = exists(path) && statSync(path).isDirectory();
  if (isFolder) return indexOf({ text, ...located(path, () => indexFolder(path, split, K)) });
  const paths = exists(path) ? [path] : located(path, () => shardPaths(path));
  return indexOf({ text, ...indexArchives(path, paths, split, K) });
}

/** The index that was kept in this file. @throws RangeError if it is not that of this set as it is now, and whatever `readIndex` throws */
function checkedIndex(text: string, kept: string, K: number): ImageIndex {
  const index = readIndex(kept);
  const refuse = (what: string): RangeError => new RangeError(`data: ${text}: ${what}; remove ${kept}, and it is made again`);
  if (index.text !== text) throw refuse(`the index that was kept is that of ${index.text}`);
  if (index.classes.length !== K) throw refuse(`the index that was kept has ${index.classes.length} classes, the model has ${K}`);
  const change = changeOf(index.origin);
  if (change !== null) throw refuse(`the images have changed since they were indexed: ${change}`);
  return index;
}

function openPhotographs(text: string, at: SetPath, shape: DataShape, kept: string | null): Dataset {
  if (!canConvert(RGB, shape.channels))
    throw new RangeError(`data: ${at.path}: it has images of ${RGB} channels, the model takes ${shape.channels}`); // before it is indexed
  return photographs(kept === null ? indexed(text, at, shape.classes) : checkedIndex(text, kept, shape.classes));
}

function openCifar(text: string, which: CifarName, detail: string, shape: DataShape, kept: string | null): Dataset {
  const at = setPathOf(detail);
  if (!isThere(at)) throw new RangeError(`data: ${which}:PATH needs a folder or archive, there is no "${at.path}"`);
  const split = cifarSplits.find((name) => name === (at.split ?? "test"));
  if (split === undefined) throw new RangeError(`data: ${which} has the splits train and test, got "${at.split}"`);
  const records = exists(at.path) ? located(at.path, () => readCifar(text, which, at.path, split)) : null;
  return records === null ? openPhotographs(text, at, shape, kept) : cifarRecords(records);
}

function openDigits(split: string, shape: DataShape): Dataset {
  if (split !== "train" && split !== "test") throw new RangeError(`data: digits has the splits train and test, got "${split}"`);
  return digits(split, shape.side);
}

function openSynthetic(text: string, shape: DataShape): Dataset {
  const count = Number(text);
  if (!(Number.isInteger(count) && count > 0)) throw new RangeError(`data: synthetic:N needs a positive integer N, got "${text}"`);
  return synthetic(count, shape);
}

function open(text: string, shape: DataShape, kept: string | null): Dataset {
  const colon = text.indexOf(":");
  const [name, detail] = colon < 0 ? [text, null] : [text.slice(0, colon), text.slice(colon + 1)];
  if (name === "digits") return openDigits(detail ?? "test", shape);
  if (name === "synthetic") return openSynthetic(detail ?? "", shape);
  if (name === "cifar10" || name === "cifar100") return openCifar(text, name, detail ?? "", shape, kept);
  const at = setPathOf(text);
  if (!isThere(at)) throw new RangeError(`data: unknown data set "${text}"; known: ${knownData.join(", ")}`);
  return openPhotographs(text, at, shape, kept);
}

/**
 * Opens a data set for a model. Image files are indexed, unless the index of an earlier opening is given.
 *
 * @param kept the file in which `writeIndex` kept that index; null: none. Sets without an index (digits, synthetic images, binary CIFAR) do not read it.
 * @throws RangeError, one line, for an unknown name, for data that is broken or does not fit the model, and for an index of other data or of
 * data that has changed; whatever `readIndex` throws
 */
export function openDataset(text: string, shape: DataShape, kept: string | null = null): Dataset {
  const dataset = open(text, shape, kept);
  const { classes } = dataset;
  if (classes.length !== shape.classes) throw new RangeError(`data: ${text} has ${classes.length} classes, the model has ${shape.classes}`);
  return withChannels(dataset, shape.channels);
}
