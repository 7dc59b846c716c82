/** The files that commands write. */
import { statSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

/** @throws RangeError if no file can be written there; to be called before anything is computed */
export function checkWritable(out: string): void {
  const folder = dirname(out);
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) throw new RangeError(`${out}: there is no folder ${folder}`);
  if (statSync(out, { throwIfNoEntry: false })?.isDirectory() === true) throw new RangeError(`${out} is a folder; name a file in it`);
}

/** Writes a file. @throws RangeError if that fails */
export function writeOutput(out: string, file: Uint8Array | string): void {
  try {
    writeFileSync(out, file);
  } catch (error) {
    throw new RangeError(`${out} cannot be written: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}
