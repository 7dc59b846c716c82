/** Finds and reads a file of weights: a run's, or any other. */
import { statSync } from "node:fs";
import { join } from "node:path";
import { fileBytes } from "../disk/fileBytes.ts";
import type { Safetensors } from "../safetensors/safetensors.ts";
import { formatRead, readTensorFile, type ReadOptions } from "./tensorFile.ts";

/**
 * The path of a file of weights, or of a finished run's weights.
 *
 * @param accepted what may be given, for the error: `a run's folder or a file`
 * @throws RangeError if there is no such file, or the run is not finished
 */
export function weightsPath(runOrFile: string, accepted: string): string {
  const found = statSync(runOrFile, { throwIfNoEntry: false });
  if (found === undefined) throw new RangeError(`no weights ${runOrFile}: give ${accepted}`);
  if (!found.isDirectory()) return runOrFile;
  const file = join(runOrFile, "weights.safetensors");
  if (statSync(file, { throwIfNoEntry: false }) === undefined)
    throw new RangeError(`${runOrFile} has no weights.safetensors: its run is not finished`);
  return file;
}

/**
 * Applies `use` to a file's tensors.
 *
 * @throws RangeError that begins with the file's path
 */
export function withTensorsAt<T>(path: string, options: ReadOptions, use: (file: Safetensors) => T): T {
  const format = formatRead(path);
  try {
    return use(readTensorFile(format, fileBytes(path), options));
  } catch (error) {
    throw new RangeError(`${path}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}
