/** The folder of a run: it holds the recipe from the first moment, and is locked while the run is going on. */
import { existsSync, readdirSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { moveDurably, writeDurably, writeToDisk } from "../../io/disk/durable.ts";
import { checkUnlocked, LOCK, lock, unlock } from "../../io/disk/lock.ts";

/** Where a run keeps its files. */
export interface RunFolder {
  readonly directory: string;
  /** Continues the run in the folder; if none has begun there, begins it. */
  readonly resume: boolean;
  readonly recipeText: string;
}

const RECIPE = "recipe.toml";

/**
 * Whether a run has begun in a folder, so that it can be resumed: its recipe is there. A folder without is one that nothing has been written
 * into, or in which a run was killed as it began.
 *
 * @throws RangeError for a folder with other files, which is no run's
 */
export function hasBegun(directory: string): boolean {
  if (!existsSync(directory)) return false;
  const names = readdirSync(directory);
  if (names.includes(RECIPE)) return true;
  const foreign = names.find((name) => name !== `${RECIPE}.partial` && !name.startsWith(LOCK));
  if (foreign === undefined) return false;
  throw new RangeError(`${directory} is no run's folder: it has no ${RECIPE}, but ${foreign}; choose another folder`);
}

/** Makes the folder under a temporary name, with recipe and lock, and renames it. */
async function makeFolder({ directory, recipeText }: RunFolder): Promise<void> {
  const partial = `${directory}.partial`;
  await mkdir(partial, { recursive: true });
  await lock(partial);
  try {
    await writeToDisk(join(partial, RECIPE), recipeText);
    await moveDurably(partial, directory);
  } catch (error) {
    unlock(partial);
    if (!existsSync(directory)) throw error;
    await rm(partial, { recursive: true, force: true });
    await checkUnlocked(directory); // names the process that was faster
    throw error;
  }
}

/**
 * Creates the folder, or opens it to resume; `unlock` releases it.
 *
 * @throws RangeError for a folder that exists and is not to be resumed, or in which a run is going on
 */
export async function openRunFolder(folder: RunFolder): Promise<void> {
  const { directory, resume, recipeText } = folder;
  if (!existsSync(directory)) return makeFolder(folder);
  if (!resume) throw new RangeError(`run: ${directory} exists already; resume it, or choose another folder`);
  hasBegun(directory); // a folder of other things is refused before anything is written
  await lock(directory);
  try {
    if (!hasBegun(directory)) await writeDurably(join(directory, RECIPE), recipeText);
  } catch (error) {
    unlock(directory);
    throw error;
  }
}
