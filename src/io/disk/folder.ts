/** Folders that exist with all of their files, or not at all. */
import { accessSync, constants, existsSync, statSync } from "node:fs";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";

/** The content of a file, whole or in pieces. */
export type Content = string | Uint8Array | Iterable<Uint8Array>;

/** Files by their path in the folder; `a/b.txt` also creates the folder a. */
export type Files = Iterable<readonly [path: string, content: Content]>;

/** @throws RangeError if the folder cannot be made: its nearest existing parent is a file, or may not be written to */
export function checkFolderPath(folder: string): void {
  let parent = resolve(folder);
  while (!existsSync(parent) && dirname(parent) !== parent) parent = dirname(parent);
  if (!statSync(parent).isDirectory()) throw new RangeError(`${folder} cannot be made: ${parent} is a file, not a folder`);
  try {
    accessSync(parent, constants.W_OK);
  } catch (error) {
    throw new RangeError(`${folder} cannot be made: ${parent} may not be written to`, { cause: error });
  }
}

/** @throws RangeError if the path exists already, or the folder cannot be made */
export function checkNewFolder(folder: string): void {
  if (existsSync(folder)) throw new RangeError(`${folder} exists already; give the path of a new folder`);
  checkFolderPath(folder);
}

/**
 * Writes the files into a temporary folder, which then gets its name.
 *
 * @throws RangeError if the path exists already; whatever the file system or `files` throws
 */
export async function writeFolder(folder: string, files: Files): Promise<void> {
  checkNewFolder(folder);
  const target = resolve(folder);
  await mkdir(dirname(target), { recursive: true });
  const partial = `${target}.partial-${process.pid}`;
  await mkdir(partial);
  try {
    for (const [path, content] of files) {
      const to = join(partial, path);
      await mkdir(dirname(to), { recursive: true });
      await writeFile(to, content);
    }
    await rename(partial, target);
  } catch (error) {
    await rm(partial, { recursive: true, force: true });
    throw error;
  }
}
