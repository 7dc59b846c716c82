/** A collection of image files: a folder or a tar archive. */
import { readdirSync, statSync } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { openSource } from "../../io/disk/source.ts";
import { tarFiles } from "../../io/archive/tar.ts";
import { checkedLength } from "./file.ts";

/** The files of a folder or an archive. */
export interface Collection {
  readonly path: string;
  /** The paths of all files inside it, with `/` between folders. */
  readonly paths: readonly string[];
  /** The bytes of one file. */
  readonly read: (path: string) => Promise<Uint8Array>;
  /** Closes the collection; nothing can be read afterwards. */
  readonly close: () => void;
}

/** Folders below one another at most, since links may form a cycle. */
const DEEPEST = 16;

function pathsUnder(folder: string, inner: string, depth: number): readonly string[] {
  if (depth > DEEPEST) throw new RangeError(`${inner} is ${DEEPEST} folders deep, which is too many; do its links form a cycle?`);
  return readdirSync(join(folder, inner), { withFileTypes: true }).flatMap((entry) => {
    const path = inner === "" ? entry.name : `${inner}/${entry.name}`;
    const kind = entry.isSymbolicLink() ? statSync(join(folder, path), { throwIfNoEntry: false }) : entry;
    if (kind?.isDirectory() === true) return pathsUnder(folder, path, depth + 1);
    return kind?.isFile() === true ? [path] : [];
  });
}

function folderCollection(folder: string): Collection {
  const read = async (path: string): Promise<Uint8Array> => {
    const whole = join(folder, path);
    checkedLength((await stat(whole)).size);
    return readFile(whole);
  };
  return { path: folder, paths: pathsUnder(folder, "", 0), read, close: () => undefined };
}

/** @throws TarError */
function tarCollection(archive: string): Collection {
  const source = openSource(archive);
  try {
    const files = new Map(tarFiles(source).map((file) => [file.name, file]));
    const read = async (path: string): Promise<Uint8Array> => {
      const { begin, end } = files.get(path) ?? { begin: 0, end: 0 };
      checkedLength(end - begin);
      return source.read(begin, end);
    };
    return { path: archive, paths: [...files.keys()], read, close: source.close };
  } catch (error) {
    source.close();
    throw error;
  }
}

/**
 * Opens a folder, or a tar archive.
 *
 * @throws TarError for a broken archive
 */
export const openCollection = (path: string): Collection => (statSync(path).isDirectory() ? folderCollection(path) : tarCollection(path));
