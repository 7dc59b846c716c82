/**
 * Archives in the form of webdataset: an image `KEY.jpg` and its class number `KEY.cls`, a text, share a key. The key is the path up to the
 * first dot of the file's name; other files of the key (`KEY.json`) are left out.
 */
import type { ArchiveFiles } from "./archiveFiles.ts";

/** An image with its label. */
export interface LabelledImage {
  readonly name: string;
  readonly label: number;
  /** Its number among the files of the archive. */
  readonly file: number;
}

const KEY = /^((?:.*\/)?[^./]+)\.([^/]*)$/;
const LABEL = "cls";
const IMAGES = ["jpg", "jpeg", "png", "webp"];

interface Pair {
  readonly image: { readonly name: string; readonly file: number } | null;
  readonly label: string | null;
}

const NOTHING: Pair = { image: null, label: null };

/** The pair with one more file. @throws RangeError if it has such a file already */
function extended(pair: Pair, key: string, ending: string, name: string, file: number): Pair {
  if (ending === LABEL) {
    if (pair.label !== null) throw new RangeError(`the key ${key} has two labels, ${pair.label} and ${name}`);
    return { ...pair, label: name };
  }
  if (pair.image !== null) throw new RangeError(`the key ${key} has two images, ${pair.image.name} and ${name}`);
  return { ...pair, image: { name, file } };
}

/** @throws RangeError unless the text is a whole number below K */
function classNumber(name: string, text: string, K: number): number {
  const number = /^\s*\d{1,9}\s*$/.test(text) ? Number(text) : NaN;
  if (!(number < K)) throw new RangeError(`${name} must be a class number from 0 to ${K - 1}, got ${JSON.stringify(text)}`);
  return number;
}

/**
 * The labelled images of an archive, in the order in which their keys begin.
 *
 * @throws RangeError for an image without a label, a label without an image, two of either, or a label that is not from 0 to K − 1
 */
export function* pairsOf({ files, labels, repeated }: ArchiveFiles, K: number): Generator<LabelledImage, void> {
  const pairs = new Map<string, Pair>();
  for (const [name, file] of files) {
    const [, key, ending = ""] = KEY.exec(name) ?? [];
    const kind = ending.toLowerCase();
    if (key === undefined || (kind !== LABEL && !IMAGES.includes(kind))) continue;
    if (repeated.has(name)) throw new RangeError(`the key ${key} has two files ${name}`);
    pairs.set(key, extended(pairs.get(key) ?? NOTHING, key, kind, name, file));
  }
  for (const [key, { image, label }] of pairs) {
    if (image === null) throw new RangeError(`the key ${key} has a label but no image ${key}.jpg, .jpeg, .png or .webp`);
    if (label === null) throw new RangeError(`the key ${key} has an image but no label ${key}.${LABEL}`);
    yield { ...image, label: classNumber(label, labels.get(label) ?? "", K) };
  }
}
