/**
 * Writes checkpoints: under a temporary name, forced to the disk, read back, verified, and then renamed. Until the next save the one before stays
 * as well, so that a run can be resumed if a file goes bad on the disk. So there is a complete checkpoint at every moment, and while one is
 * written there is room for two.
 */
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { getSystemErrorMap } from "node:util";
import { digested } from "../disk/digest.ts";
import { moveDurably, syncFolder, writeToDisk } from "../disk/durable.ts";
import { safetensorsPieces, type Writable } from "../safetensors/safetensors.ts";
import { ABOUT, aboutText, CheckpointError, STATE, type RunOf } from "./about.ts";
import { nameOf, partialName, removePartial, removeSteps, stepsIn } from "./folders.ts";
import { verifiedCheckpoint } from "./read.ts";

/** A checkpoint to be written. */
export interface NewCheckpoint extends RunOf {
  /** Steps done. */
  readonly step: number;
  /** All tensors of the state by dotted path. */
  readonly tensors: ReadonlyMap<string, Writable>;
}

/** Writes the files of a checkpoint into `folder`, which exists and is empty, and verifies them. */
async function writeFiles(folder: string, { step, recipe, engine, tensors }: NewCheckpoint): Promise<void> {
  const { pieces, digest } = digested(safetensorsPieces(tensors, (_, tensor) => tensor));
  await writeToDisk(join(folder, STATE), pieces);
  await writeToDisk(join(folder, ABOUT), aboutText({ step, recipe, engine, state: digest() }));
  await syncFolder(folder);
  verifiedCheckpoint(folder);
}

async function write(directory: string, checkpoint: NewCheckpoint): Promise<void> {
  const { step } = checkpoint;
  const others = (await stepsIn(directory)).filter((other) => other !== step);
  const previous = others.find((other) => other < step);
  await removePartial(directory);
  await removeSteps(
    directory,
    others.filter((other) => other < (previous ?? 0)),
  );
  const [folder, partial] = [join(directory, nameOf(step)), join(directory, partialName(step))];
  try {
    await mkdir(partial);
    await writeFiles(partial, checkpoint);
    await rm(folder, { recursive: true, force: true });
    await moveDurably(partial, folder);
  } catch (error) {
    await rm(partial, { recursive: true, force: true }).catch(() => undefined); // the first error says more
    throw error;
  }
  await removeSteps(
    directory,
    others.filter((other) => other > step),
  ); // they were damaged, or the run would have gone on from them
}

/** Errors of a file that found no room. */
const NO_ROOM: readonly unknown[] = ["ENOSPC", "EFBIG", "EDQUOT"];
const MEGA = 1e6;

/** Why a file could not be written, in words. */
function reasonOf(error: unknown, bytes: number): string {
  if (!(error instanceof Error)) return String(error);
  const errno = "errno" in error && typeof error.errno === "number" ? error.errno : 0;
  const [, words = error.message] = getSystemErrorMap().get(errno) ?? [];
  return "code" in error && NO_ROOM.includes(error.code) ? `${words} (needs ${(bytes / MEGA).toFixed(1)} MB)` : words;
}

/** The newest step on the disk; null: none, or the folder cannot be read. */
const newestStep = async (directory: string): Promise<number | null> => (await stepsIn(directory).catch(() => []))[0] ?? null;

/** The error for a checkpoint that could not be written, with what the run can be resumed from. */
export async function notWritten(directory: string, step: number, reason: string): Promise<CheckpointError> {
  const newest = await newestStep(directory);
  const left = newest === null ? "the run has no checkpoint yet" : `the run can be resumed from step ${newest}`;
  return new CheckpointError(`the checkpoint of step ${step} could not be written to ${directory}: ${reason}; ${left}`);
}

/**
 * Writes a checkpoint into `directory`, and leaves there this one and the one before.
 *
 * @throws CheckpointError with what went wrong, such as a full disk; the checkpoints before it are still there
 */
export async function saveCheckpoint(directory: string, checkpoint: NewCheckpoint): Promise<void> {
  try {
    await write(directory, checkpoint);
  } catch (error) {
    const bytes = [...checkpoint.tensors.values()].reduce((sum, { data }) => sum + data.byteLength, 0);
    throw await notWritten(directory, checkpoint.step, reasonOf(error, bytes));
  }
}
