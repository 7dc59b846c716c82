/** Files that are whole or not there: written aside, forced to the disk, then renamed. A process may be killed between any two lines. */
import { open, rename, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";

/** What a file is to hold, whole or in pieces. */
export type Content = string | Uint8Array | AsyncIterable<Uint8Array>;

/** Writes a file and waits until the disk has it. */
export async function writeToDisk(path: string, content: Content): Promise<void> {
  const file = await open(path, "w");
  try {
    await writeFile(file, content);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Waits until the disk has a folder's list of files. Windows has no such call and needs none. */
export async function syncFolder(path: string): Promise<void> {
  if (process.platform === "win32") return;
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** `rename`, durably. */
export async function moveDurably(from: string, to: string): Promise<void> {
  await rename(from, to);
  await syncFolder(dirname(to));
}

/** Replaces or makes a file; whoever reads it finds the old content or the new, never a part. What fails leaves nothing behind. */
export async function writeDurably(path: string, content: Content): Promise<void> {
  const aside = `${path}.partial`;
  try {
    await writeToDisk(aside, content);
    await moveDurably(aside, path);
  } catch (error) {
    await rm(aside, { force: true }).catch(() => undefined); // the first error says more
    throw error;
  }
}
