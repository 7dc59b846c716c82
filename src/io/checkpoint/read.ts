/** Reads checkpoints: only those of which every byte is as it was written. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { ByteSource } from "../disk/byteSource.ts";
import { digestOfSource } from "../disk/digest.ts";
import { fileBytes } from "../disk/fileBytes.ts";
import { readSafetensors, type Stored } from "../safetensors/safetensors.ts";
import { ABOUT, CheckpointError, readAbout, STATE, type About, type RunOf } from "./about.ts";
import { nameOf, stepsIn } from "./folders.ts";

/** The whole state of a training after some steps. */
export interface Checkpoint {
  /** Steps done. */
  readonly step: number;
  /** All tensors of the state by dotted path: parameters, moments, averages, buffers. */
  readonly tensors: ReadonlyMap<string, Stored>;
}

/** Calls a function, whose error is then one of the file. @throws CheckpointError that names the file */
function inFile<T>(path: string, use: () => T, what = ""): T {
  try {
    return use();
  } catch (error) {
    throw new CheckpointError(`checkpoint: ${path}: ${what}${error instanceof Error ? error.message : String(error)}`);
  }
}

const opened = (path: string): ByteSource => inFile(path, () => fileBytes(path), "cannot be read: ");

/** A checkpoint whose files have the digests that they were written with; its tensors have not been read. */
interface Verified extends About {
  readonly path: string;
  readonly bytes: ByteSource;
}

function aboutOf(folder: string): About {
  const path = join(folder, ABOUT);
  const source = opened(path);
  return inFile(path, () => readAbout(source.read(0, source.size)));
}

/**
 * Verifies the folder of a checkpoint.
 *
 * @throws CheckpointError if anything differs from what was written
 */
export function verifiedCheckpoint(folder: string): Verified {
  const path = join(folder, STATE);
  const about = aboutOf(folder);
  const bytes = opened(path);
  const digest = inFile(path, () => digestOfSource(bytes), "cannot be read: ");
  if (digest !== about.state) throw new CheckpointError(`checkpoint: ${path}: SHA-256 must be ${about.state}, got ${digest}`);
  return { ...about, path, bytes };
}

/** @throws CheckpointError for a checkpoint of another run */
function checkRun(folder: string, { recipe, engine }: RunOf, run: RunOf): void {
  const refuse = (reason: string): CheckpointError => new CheckpointError(`checkpoint: ${join(folder, ABOUT)}: ${reason}`);
  if (recipe !== run.recipe) throw refuse("is of another recipe; resume with the recipe that it was made with");
  if (engine !== run.engine)
    throw refuse(`is of the ${engine} engine, and ${run.engine} rounds differently; resume with --engine ${engine}`);
}

/** Verifies a checkpoint; the error instead if it is damaged. */
function verifiedOrNot(folder: string): Verified | CheckpointError {
  try {
    return verifiedCheckpoint(folder);
  } catch (error) {
    if (error instanceof CheckpointError) return error;
    throw error;
  }
}

/**
 * Reads the newest checkpoint that verifies; null: none was ever written.
 *
 * @param onDamaged called with one line for each newer one, which is damaged
 * @throws CheckpointError if no checkpoint verifies, or if it belongs to another recipe or engine
 */
export async function newestCheckpoint(directory: string, run: RunOf, onDamaged: (line: string) => void): Promise<Checkpoint | null> {
  const damaged: CheckpointError[] = [];
  for (const step of await stepsIn(directory)) {
    const folder = join(directory, nameOf(step));
    const found = verifiedOrNot(folder);
    if (found instanceof CheckpointError) {
      damaged.push(found);
      continue;
    }
    checkRun(folder, found, run);
    for (const { message } of damaged) onDamaged(`${message}; the run continues from step ${found.step}`);
    return { step: found.step, tensors: inFile(found.path, () => readSafetensors(found.bytes).tensors) };
  }
  const [newest] = damaged;
  if (newest === undefined) return null;
  throw newest;
}

/** The name of the engine that wrote the newest checkpoint, whose numbers are not verified; null: there is none, or it does not say. */
export async function engineOfCheckpoints(directory: string): Promise<string | null> {
  if (!existsSync(directory)) return null;
  const [newest] = await stepsIn(directory);
  if (newest === undefined) return null;
  try {
    return aboutOf(join(directory, nameOf(newest))).engine;
  } catch {
    return null; // resuming from it will say what is wrong
  }
}
