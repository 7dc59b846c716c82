/**
 * CIFAR-10 and CIFAR-100 in their binary form, from a folder, the sub-folder of the official archive, or that archive itself once it is
 * gunzipped (https://www.cs.toronto.edu/~kriz/cifar.html).
 *
 *   CIFAR-10     data_batch_1.bin … data_batch_5.bin, test_batch.bin      label, image        batches.meta.txt
 *   CIFAR-100    train.bin, test.bin                                      coarse label, fine label, image        fine_label_names.txt
 */
import { readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { openSource } from "../../io/disk/source.ts";
import { tarMembers } from "../../io/archive/tar.ts";
import { archiveState } from "../index/origin.ts";
import { cifar10Classes, cifar100Classes } from "./cifarClasses.ts";
import { recordLength, recordSet } from "./cifarRecords.ts";
import type { RecordSet } from "./dataset.ts";

/** The splits of CIFAR. */
export const cifarSplits = ["train", "test"] as const;
/** The name of a split. */
export type CifarSplit = (typeof cifarSplits)[number];

interface Kind {
  readonly files: { readonly [S in CifarSplit]: readonly string[] };
  /** The file with the names of the classes, one a line. */
  readonly names: string;
  /** The folder in the official archive. */
  readonly folder: string;
  /** The names of the classes, if that file is missing. */
  readonly classes: readonly string[];
  /** How many values each label byte of a record has; the last is the class. */
  readonly labels: readonly number[];
}

/** The names of the two sets. */
export type CifarName = "cifar10" | "cifar100";

const kinds: { readonly [N in CifarName]: Kind } = {
  cifar10: {
    files: { train: [1, 2, 3, 4, 5].map((i) => `data_batch_${i}.bin`), test: ["test_batch.bin"] },
    names: "batches.meta.txt",
    folder: "cifar-10-batches-bin",
    classes: cifar10Classes,
    labels: [10],
  },
  cifar100: {
    files: { train: ["train.bin"], test: ["test.bin"] },
    names: "fine_label_names.txt",
    folder: "cifar-100-binary",
    classes: cifar100Classes,
    labels: [20, 100], // coarse, fine
  },
};

/** A file, with its path inside the set for messages. */
interface Found {
  readonly where: string;
  readonly read: () => Uint8Array;
}

/** Finds a file by its name; null: there is none. */
type Find = (name: string) => Found | null;

const isFile = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isFile() === true;

/** The files of a folder, or of its sub-folder `inner`. */
function inFolder(path: string, inner: string): Find {
  return (name) => {
    const whole = join(path, inner, name);
    return isFile(whole) ? { where: join(inner, name), read: () => readFileSync(whole) } : null;
  };
}

/** The files of an archive with one of these names, in whatever folder. @throws TarError; RangeError for a pipe or a device */
function inArchive(path: string, names: readonly string[]): Find {
  archiveState(path); // opening a pipe would wait for ever
  const source = openSource(path);
  try {
    const places = new Map<string, readonly [begin: number, end: number]>();
    for (const { name, link, begin, end } of tarMembers(source))
      if (link === null && names.includes(basename(name))) places.set(basename(name), [begin, end]);
    return (name) => {
      const place = places.get(name);
      return place === undefined ? null : { where: name, read: () => bytesAt(path, ...place) };
    };
  } finally {
    source.close();
  }
}

function bytesAt(path: string, begin: number, end: number): Uint8Array {
  const source = openSource(path);
  try {
    return source.read(begin, end);
  } finally {
    source.close();
  }
}

/** Where the binary files are; null: there are none. */
function findIn(path: string, { files, names, folder }: Kind): Find | null {
  const binary = [...files.train, ...files.test];
  const places = statSync(path).isDirectory() ? [inFolder(path, ""), inFolder(path, folder)] : [inArchive(path, [...binary, names])];
  return places.find((find) => binary.some((name) => find(name) !== null)) ?? null;
}

/** @throws RangeError unless the file has the name of each class in a line of its own */
function classNames(find: Find, { names, classes }: Kind): readonly string[] {
  const file = find(names);
  if (file === null) return classes;
  const lines = new TextDecoder().decode(file.read()).split("\n");
  const found = lines.map((line) => line.trim()).filter((line) => line !== "");
  if (new Set(found).size !== classes.length || found.length !== classes.length)
    throw new RangeError(`${file.where} must name ${classes.length} classes, a line each, it has ${found.length} lines`);
  return found;
}

/** @throws RangeError unless the file consists of whole records with labels that exist */
function checkRecords(where: string, bytes: Uint8Array, labels: readonly number[]): void {
  const length = recordLength(labels.length);
  if (bytes.length === 0 || bytes.length % length !== 0)
    throw new RangeError(`${where} must consist of images of ${length} bytes, it has ${bytes.length} bytes; is it cut off?`);
  for (let i = 0; i * length < bytes.length; i++)
    for (const [j, values] of labels.entries()) {
      const label = bytes[i * length + j] ?? 0;
      if (label >= values) throw new RangeError(`${where}: image ${i} has the label ${label}; labels go from 0 to ${values - 1}`);
    }
}

/**
 * Reads a split of a set in its binary form into shared memory; null: the folder or archive has none of its files.
 *
 * @param name the text by which the set was given
 * @throws RangeError for a missing file, one of the wrong length, a label out of range or wrong names; TarError
 */
export function readCifar(name: string, which: CifarName, path: string, split: CifarSplit): RecordSet | null {
  const kind = kinds[which];
  const find = findIn(path, kind);
  if (find === null) return null;
  const files = kind.files[split].map((file) => {
    const found = find(file);
    if (found === null) throw new RangeError(`the file ${file} is missing`);
    const bytes = found.read();
    checkRecords(found.where, bytes, kind.labels);
    return bytes;
  });
  const records = new SharedArrayBuffer(files.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const bytes of files) {
    new Uint8Array(records).set(bytes, at);
    at += bytes.length;
  }
  return recordSet({ name, classes: classNames(find, kind), labelBytes: kind.labels.length, records });
}
