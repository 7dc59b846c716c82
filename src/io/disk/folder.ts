/** A folder that is there with all of its files, or not at all. */
import { accessSync, constants, existsSync, statSync } from "node:fs";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";

/** At once, or piece by piece. */
export type Content = string | Uint8Array | Iterable<Uint8Array>;

/** By path in the folder; `a/b.txt` makes a. */
export type Files = Iterable<readonly [path: string, content: Content]>;

/** @throws RangeError where a folder cannot be made or written into, since of what it would be in something is a file or may not be written to */
export function checkFolderPath(folder: string): void {
  let above = resolve(folder);
  while (!existsSync(above) && dirname(above) !== above) above = dirname(above);
  if (!statSync(above).isDirectory()) throw new RangeError(`${folder} cannot be made: ${above} is a file, not a folder`);
  try {
    accessSync(above, constants.W_OK);
  } catch (error) {
    throw new RangeError(`${folder} cannot be made: ${above} may not be written to`, { cause: error });
  }
}

/** @throws RangeError where something is there already, or nothing can be */
export function checkNewFolder(folder: string): void {
  if (existsSync(folder)) throw new RangeError(`${folder} is there already; a folder that is not there would be right`);
  checkFolderPath(folder);
}

/**
 * Writes the files aside, then gives the folder its name.
 *
 * @throws RangeError where something is there already; what the file system or `files` throws
 */
export async function writeFolder(folder: string, files: Files): Promise<void> {
  checkNewFolder(folder);
  const whole = resolve(folder);
  await mkdir(dirname(whole), { recursive: true });
  const aside = `${whole}.partial-${process.pid}`;
  await mkdir(aside);
  try {
    for (const [path, content] of files) {
      const to = join(aside, path);
      await mkdir(dirname(to), { recursive: true });
      await writeFile(to, content);
    }
    await rename(aside, whole);
  } catch (error) {
    await rm(aside, { recursive: true, force: true });
    throw error;
  }
}
