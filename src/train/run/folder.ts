/** The folder of a run: it holds the recipe from the first moment, and is locked while the run is going on. */
import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { moveDurably, writeToDisk } from "../../io/disk/durable.ts";
import { lock, unlock } from "../../io/disk/lock.ts";

/** Where a run keeps its files. */
export interface RunFolder {
  readonly directory: string;
  /** Continues the run in the folder, if there is one. */
  readonly resume: boolean;
  readonly recipeText: string;
}

/**
 * Creates the folder, or opens it to resume; `unlock` releases it.
 *
 * @throws RangeError for a folder that exists and is not to be resumed, or in which a run is going on
 */
export async function openRunFolder({ directory, resume, recipeText }: RunFolder): Promise<void> {
  if (existsSync(directory)) {
    if (resume) return lock(directory);
    throw new RangeError(`run: ${directory} exists already; resume it, or choose another folder`);
  }
  const partial = `${directory}.partial`;
  await mkdir(partial, { recursive: true });
  await lock(partial);
  try {
    await writeToDisk(join(partial, "recipe.toml"), recipeText);
    await moveDurably(partial, directory);
  } catch (error) {
    unlock(partial);
    throw error;
  }
}
