/** Files that are complete or do not exist: written under a temporary name, forced to the disk, then renamed. The process may be killed anywhere. */
import { open, rename, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";

/** The content of a file, whole or in pieces. */
export type Content = string | Uint8Array | AsyncIterable<Uint8Array>;

/** Writes a file and waits until it is on the disk. */
export async function writeToDisk(path: string, content: Content): Promise<void> {
  const file = await open(path, "w");
  try {
    await writeFile(file, content);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Waits until a folder's list of files is on the disk. Windows has no such call and needs none. */
export async function syncFolder(path: string): Promise<void> {
  if (process.platform === "win32") return;
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Renames a file or folder, and waits until this is on the disk. */
export async function moveDurably(from: string, to: string): Promise<void> {
  await rename(from, to);
  await syncFolder(dirname(to));
}

/** Creates or replaces a file; a reader finds the old content or the new, never a part. A failure leaves nothing behind. */
export async function writeDurably(path: string, content: Content): Promise<void> {
  const partial = `${path}.partial`;
  try {
    await writeToDisk(partial, content);
    await moveDurably(partial, path);
  } catch (error) {
    await rm(partial, { force: true }).catch(() => undefined); // the first error says more
    throw error;
  }
}
