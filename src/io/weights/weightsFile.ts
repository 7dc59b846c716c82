/** Finds and reads a file of weights: a run's, or any other. */
import { statSync } from "node:fs";
import { join } from "node:path";
import { fileBytes } from "../disk/fileBytes.ts";
import type { Safetensors } from "../safetensors/safetensors.ts";
import { formatRead, readTensorFile, type ReadOptions } from "./tensorFile.ts";

/** A run's weights at its end. */
export const WEIGHTS_FILE = "weights.safetensors";
/** A run's moving average of its weights (E37), in the same format. */
export const AVERAGE_FILE = "weights-ema.safetensors";

/** A file of weights, and which of its tensors are meant. */
export interface FoundWeights extends ReadOptions {
  /** The file. */
  readonly path: string;
}

const exists = (path: string): boolean => statSync(path, { throwIfNoEntry: false }) !== undefined;

/** The weights of a run. A run keeps its average in a file of its own, so there is nothing to choose in either file. */
function ofRun(run: string, average: boolean): FoundWeights {
  const [weights, averaged] = [WEIGHTS_FILE, AVERAGE_FILE].map((name) => join(run, name));
  if (weights === undefined || averaged === undefined || !exists(weights))
    throw new RangeError(`${run} has no ${WEIGHTS_FILE}: its run is not finished`);
  if (!average) return { path: weights };
  if (!exists(averaged))
    throw new RangeError(`${run} has no ${AVERAGE_FILE}: its run kept no moving average, as it does with training.ema_decay = 0.99996`);
  return { path: averaged };
}

/**
 * A file of weights, or a finished run's weights.
 *
 * @param accepted what may be given, for the error: `a run's folder or a file`
 * @param options `average`: the moving average of a run, or that in a training checkpoint
 * @throws RangeError if there is no such file, the run is not finished, or it has no moving average
 */
export function foundWeights(runOrFile: string, accepted: string, { average = false }: ReadOptions = {}): FoundWeights {
  const found = statSync(runOrFile, { throwIfNoEntry: false });
  if (found === undefined) throw new RangeError(`no weights ${runOrFile}: give ${accepted}`);
  return found.isDirectory() ? ofRun(runOrFile, average) : { path: runOrFile, average };
}

/**
 * Applies `use` to a file's tensors.
 *
 * @throws RangeError that begins with the file's path
 */
export function withTensorsAt<T>({ path, ...options }: FoundWeights, use: (file: Safetensors) => T): T {
  const format = formatRead(path);
  try {
    return use(readTensorFile(format, fileBytes(path), options));
  } catch (error) {
    throw new RangeError(`${path}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}
