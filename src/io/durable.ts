/** Files that are whole or not there: written aside, forced to the disk, then renamed. A process may be killed between any two lines. */
import { open, rename } from "node:fs/promises";
import { dirname } from "node:path";

/** Writes a file and waits until the disk has it. */
export async function writeToDisk(path: string, content: string | Uint8Array): Promise<void> {
  const file = await open(path, "w");
  try {
    await file.writeFile(content);
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

/** Replaces or makes a file; whoever reads it finds the old content or the new, never a part. */
export async function writeDurably(path: string, content: string | Uint8Array): Promise<void> {
  const aside = `${path}.partial`;
  await writeToDisk(aside, content);
  await moveDurably(aside, path);
}
