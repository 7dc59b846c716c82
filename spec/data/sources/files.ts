/** Small sets of files, in folders and in archives. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { decodeImage } from "../../../src/data/images/decode.ts";
import type { Dataset } from "../../../src/data/sources/dataset.ts";
import type { Pixels } from "../../../src/data/pixels/pixels.ts";
import { temporaryFolder } from "../../helpers/temporary.ts";
import { memberOf, tarOf } from "../../io/tarFiles.ts";
import { digestOf, sourceOf } from "../images/samples.ts";

/** The content of a file: the name of an image of fixtures/preprocess, or bytes. */
export type Content = string | Uint8Array;
export type Files = readonly (readonly [path: string, content: Content])[];

export const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

const contentOf = (content: Content): Uint8Array => (typeof content === "string" ? sourceOf(content) : content);

/** Writes the files below a folder. */
export function writeFiles(folder: string, files: Files): void {
  for (const [path, content] of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), contentOf(content));
  }
}

/** A new folder of these files. */
export function folderOf(files: Files): string {
  const folder = temporaryFolder();
  writeFiles(folder, files);
  return folder;
}

export const tarBytes = (files: Files): Uint8Array => tarOf(files.map(([name, content]) => ({ name, content: contentOf(content) })));

/** A new archive of these files. */
export function archiveOf(files: Files): string {
  const path = join(temporaryFolder(), "set.tar");
  writeFileSync(path, tarBytes(files));
  return path;
}

/** A new folder with an archive of each group of files, `0.tar`, `1.tar`, …, and the path of all of them. */
export function shardsOf(...shards: readonly Files[]): string {
  const folder = temporaryFolder();
  for (const [i, files] of shards.entries()) writeFileSync(join(folder, `${i}.tar`), tarBytes(files));
  return join(folder, `{0..${shards.length - 1}}.tar`);
}

/** A member's header that states another length than its content has. */
export function headerOfLength(name: string, length: number): Uint8Array {
  const header = memberOf({ name, content: new Uint8Array(0) });
  header.set(bytesOf(`${length.toString(8).padStart(11, "0")}\0${" ".repeat(12)}${" ".repeat(8)}`), 124);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.set(bytesOf(`${sum.toString(8).padStart(6, "0")}\0 `), 148);
  return header;
}

export const indices = ({ count }: Dataset): readonly number[] => Array.from({ length: count }, (_, i) => i);

/** The labels and names of all images; without the folder or archive if `root` is that. */
export const listed = (dataset: Dataset, root = ""): readonly string[] =>
  indices(dataset).map((i) => `${dataset.label(i)} ${dataset.nameOf(i).replace(root === "" ? "" : `${root}: `, "")}`);

/** All images. */
export const allImages = (dataset: Dataset): Promise<readonly Pixels[]> => Promise.all(indices(dataset).map(async (i) => dataset.image(i)));

/** An image as a short text, since the comparison of large arrays is slow. */
export const fingerprint = ({ data, width, height, channels }: Pixels): string => `${width}×${height}×${channels} ${digestOf(data)}`;

/** All images as short texts. */
export const fingerprints = async (dataset: Dataset): Promise<readonly string[]> => (await allImages(dataset)).map(fingerprint);

/** Images of fixtures/preprocess, decoded, as short texts. */
export const decoded = (...names: readonly string[]): Promise<readonly string[]> =>
  Promise.all(names.map(async (name) => fingerprint(await decodeImage(sourceOf(name)))));
