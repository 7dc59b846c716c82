/**
 * Checkpoints: `checkpoints/step-00001234/` with the numbers in `state.safetensors`, and in `checkpoint.json` the step, the recipe's digest,
 * the engine's name and the digest of the numbers. They hold neither times nor paths, so that equal runs write equal bytes.
 *
 * A checkpoint is written under a temporary name, forced to the disk, read back, verified, and then renamed; only then are older checkpoints
 * removed. So there is a complete checkpoint at every moment.
 */
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import type { ByteSource } from "./disk/byteSource.ts";
import { digested, digestOfSource } from "./disk/digest.ts";
import { moveDurably, syncFolder, writeToDisk } from "./disk/durable.ts";
import { fileBytes } from "./disk/fileBytes.ts";
import { readSafetensors, safetensorsPieces, type Stored, type Writable } from "./safetensors/safetensors.ts";
import { isRecord, parseJson } from "./strictJson.ts";

/** A checkpoint that cannot be used; the message names the file and the reason. */
export class CheckpointError extends Error {
  override readonly name = "CheckpointError";
}

const STATE = "state.safetensors";
const ABOUT = "checkpoint.json";
const NAME = /^step-\d{8,}$/;
const DIGITS = 8;

const nameOf = (step: number): string => `step-${String(step).padStart(DIGITS, "0")}`;

/** The whole state of a training after some steps. */
export interface Checkpoint {
  /** Steps done. */
  readonly step: number;
  /** All tensors of the state by dotted path: parameters, moments, averages, buffers. */
  readonly tensors: ReadonlyMap<string, Stored>;
}

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** A file of a checkpoint. @throws CheckpointError that names it */
function source(path: string): ByteSource {
  try {
    return fileBytes(path);
  } catch (error) {
    throw new CheckpointError(`checkpoint: ${path}: cannot be read: ${reasonOf(error)}`);
  }
}

/** What must be unchanged for a run to resume with bitwise identical results. */
export interface RunOf {
  /** The recipe's digest. */
  readonly recipe: string;
  /** The name of the engine, since each engine rounds in its own way. */
  readonly engine: string;
}

interface About extends RunOf {
  readonly step: number;
  readonly state: string;
}

function aboutOf(path: string, bytes: Uint8Array): About {
  const refuse = (reason: string): CheckpointError => new CheckpointError(`checkpoint: ${path}: ${reason}`);
  let value: unknown;
  try {
    value = parseJson(new TextDecoder().decode(bytes));
  } catch (error) {
    throw refuse(`must be JSON: ${reasonOf(error)}`);
  }
  if (!isRecord(value)) throw refuse("must be a JSON object");
  const { step, recipe, engine, state } = value;
  if (typeof step !== "number" || typeof recipe !== "string" || typeof engine !== "string" || typeof state !== "string")
    throw refuse("must have step, recipe, engine and state");
  return { step, recipe, engine, state };
}

/** A checkpoint whose state has the digest that it was written with; its tensors have not been read. */
interface Verified extends RunOf {
  readonly step: number;
  readonly path: string;
  readonly state: ByteSource;
}

/**
 * Verifies the folder of a checkpoint.
 *
 * @throws CheckpointError if anything differs from what was written
 */
function verifiedCheckpoint(folder: string): Verified {
  const [aboutPath, path] = [join(folder, ABOUT), join(folder, STATE)];
  const about = source(aboutPath);
  const { state: expected, ...of } = aboutOf(aboutPath, about.read(0, about.size));
  const state = source(path);
  const digest = digestOfSource(state);
  if (digest !== expected) throw new CheckpointError(`checkpoint: ${path}: SHA-256 must be ${expected}, got ${digest}`);
  return { ...of, path, state };
}

function tensorsOf({ path, state }: Verified): ReadonlyMap<string, Stored> {
  try {
    return readSafetensors(state).tensors;
  } catch (error) {
    throw new CheckpointError(`checkpoint: ${path}: ${reasonOf(error)}`);
  }
}

/** The names of the checkpoints in a folder, the newest first. */
async function checkpointsIn(directory: string): Promise<readonly string[]> {
  await mkdir(directory, { recursive: true });
  const names = (await readdir(directory)).filter((name) => NAME.test(name));
  return names.toSorted((a, b) => b.length - a.length || (a < b ? 1 : -1));
}

/** Writes a checkpoint of `step` into `directory`, then removes the others. */
export async function saveCheckpoint(
  directory: string,
  { step, recipe, engine, tensors }: RunOf & { readonly step: number; readonly tensors: ReadonlyMap<string, Writable> },
): Promise<void> {
  const older = await checkpointsIn(directory);
  const name = nameOf(step);
  const [folder, partial] = [join(directory, name), join(directory, `${name}.partial`)];
  await rm(partial, { recursive: true, force: true });
  await mkdir(partial);
  const { pieces, digest } = digested(safetensorsPieces(tensors, (_, tensor) => tensor));
  await writeToDisk(join(partial, STATE), pieces);
  await writeToDisk(join(partial, ABOUT), `${JSON.stringify({ step, recipe, engine, state: digest() }, null, 2)}\n`);
  await syncFolder(partial);
  verifiedCheckpoint(partial);
  await rm(folder, { recursive: true, force: true });
  await moveDurably(partial, folder);
  for (const old of older) if (old !== name) await rm(join(directory, old), { recursive: true, force: true });
}

/**
 * Reads the newest checkpoint that verifies; null: none was ever written.
 *
 * @throws CheckpointError if no checkpoint verifies, or if it belongs to another recipe or engine
 */
export async function newestCheckpoint(directory: string, { recipe, engine }: RunOf): Promise<Checkpoint | null> {
  let broken: unknown = null;
  for (const name of await checkpointsIn(directory)) {
    try {
      const checkpoint = verifiedCheckpoint(join(directory, name));
      const refuse = (reason: string): CheckpointError => new CheckpointError(`checkpoint: ${join(directory, name, ABOUT)}: ${reason}`);
      if (checkpoint.recipe !== recipe) broken = refuse("is of another recipe; resume with the recipe that it was made with");
      else if (checkpoint.engine !== engine)
        broken = refuse(
          `is of the ${checkpoint.engine} engine, and ${engine} rounds differently; resume with --engine ${checkpoint.engine}`,
        );
      else return { step: checkpoint.step, tensors: tensorsOf(checkpoint) };
      break;
    } catch (error) {
      broken ??= error;
    }
  }
  if (broken === null) return null;
  throw broken;
}

/** The name of the engine that wrote the newest checkpoint, which is not verified; null: there is none, or it does not say. */
export async function engineOfCheckpoints(directory: string): Promise<string | null> {
  if (!existsSync(directory)) return null;
  const [newest] = await checkpointsIn(directory);
  if (newest === undefined) return null;
  const path = join(directory, newest, ABOUT);
  try {
    return aboutOf(path, await readFile(path)).engine;
  } catch {
    return null; // resuming from it will say what is wrong
  }
}
