/** Indexes a folder of images: one look at each folder, none at the files in it. */
import { readdirSync, statSync, type Dirent } from "node:fs";
import { join } from "node:path";
import { folderState, type FolderState } from "../index/origin.ts";
import type { ImageSplit } from "../images/layout.ts";
import { classFolders, type Indexed, type Layout } from "./classFolders.ts";

/** Folders below one another at most, since links may form a cycle. */
const DEEPEST = 16;

/** Images in a folder have no place: their names say where they are. */
const NOWHERE = { shard: 0, begin: 0, length: 0 };

interface Visitor {
  readonly folder: (state: FolderState) => void;
  readonly file: (path: string) => void;
}

interface Entry {
  readonly name: string;
  readonly isFolder: boolean;
}

/** A folder's entry; null: it is hidden, or neither folder nor file. Links are followed. */
function entryOf(folder: string, entry: Dirent): Entry | null {
  const { name } = entry;
  if (name.startsWith(".")) return null;
  const kind = entry.isSymbolicLink() ? statSync(join(folder, name), { throwIfNoEntry: false }) : entry;
  if (kind?.isDirectory() === true) return { name, isFolder: true };
  return kind?.isFile() === true ? { name, isFolder: false } : null;
}

/** What whole paths are sorted by: that of a folder goes on with `/`. */
const sortKey = ({ name, isFolder }: Entry): string => (isFolder ? `${name}/` : name);

/** Visits all folders and files, in the order of their paths. */
function walk(root: string, inner: string, depth: number, visitor: Visitor): void {
  if (depth > DEEPEST) throw new RangeError(`${inner} is ${DEEPEST} folders deep, which is too many; do its links form a cycle?`);
  visitor.folder(folderState(root, inner)); // before its files are listed, so that no later change is missed
  const folder = join(root, inner);
  const entries = readdirSync(folder, { withFileTypes: true }).flatMap((entry) => entryOf(folder, entry) ?? []);
  for (const { name, isFolder } of entries.toSorted((a, b) => (sortKey(a) < sortKey(b) ? -1 : 1))) {
    const path = inner === "" ? name : `${inner}/${name}`;
    if (isFolder) walk(root, path, depth + 1, visitor);
    else visitor.file(path);
  }
}

/** Whether a folder is `other` or contains it; the empty path contains all. */
const contains = (folder: string, other: string): boolean => folder === "" || other === folder || other.startsWith(`${folder}/`);

/** @throws RangeError if a sub-folder of `base` has no image, and so is missing among the names */
function checkNoneEmpty(folders: readonly FolderState[], { base, names }: Layout): void {
  const start = base === "" ? "" : `${base}/`;
  for (const { path } of folders) {
    const name = path.slice(start.length);
    if (path.startsWith(start) && name !== "" && !name.includes("/") && !names.has(name))
      throw new RangeError(`the class folder ${path} has no images; remove it, or put its images there`);
  }
}

/**
 * The images of a split of a folder, in the order of their paths, for a model of K classes.
 *
 * @throws RangeError for a set without images, an empty class folder, an image that is in no class folder, or another number of classes
 */
export function indexFolder(root: string, split: ImageSplit | null, K: number): Indexed {
  const images = classFolders("folder");
  const folders: FolderState[] = [];
  walk(root, "", 0, { folder: (state) => folders.push(state), file: (path) => images.add(path, NOWHERE) });
  const layout = images.layout(split);
  checkNoneEmpty(folders, layout);
  const used = folders.filter(({ path }) => contains(path, layout.base) || contains(layout.base, path));
  return { ...images.labelled(layout, K), origin: { kind: "folder", root, folders: used } };
}
