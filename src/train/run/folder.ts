/** The folder of a run: there with its recipe from the first moment, and locked as long as the run goes on. */
import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { moveDurably, writeToDisk } from "../../io/disk/durable.ts";
import { lock, unlock } from "../../io/disk/lock.ts";

export interface RunFolder {
  readonly directory: string;
  /** Goes on with what is there. */
  readonly resume: boolean;
  readonly recipeText: string;
}

/**
 * Makes the folder, or finds it; `unlock` gives it back.
 *
 * @throws RangeError for one that is there already, or in which a run is going on
 */
export async function openRunFolder({ directory, resume, recipeText }: RunFolder): Promise<void> {
  if (existsSync(directory)) {
    if (resume) return lock(directory);
    throw new RangeError(`run: ${directory} is there already; resume it, or choose another folder`);
  }
  const aside = `${directory}.partial`;
  await mkdir(aside, { recursive: true });
  await lock(aside);
  try {
    await writeToDisk(join(aside, "recipe.toml"), recipeText);
    await moveDurably(aside, directory);
  } catch (error) {
    unlock(aside);
    throw error;
  }
}
