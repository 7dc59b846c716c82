/** The paths of files that commands write. */
import { statSync } from "node:fs";
import { dirname } from "node:path";

/** @throws RangeError if no file can be written there; to be called before anything is computed */
export function checkWritable(out: string): void {
  const folder = dirname(out);
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) throw new RangeError(`${out}: there is no folder ${folder}`);
  if (statSync(out, { throwIfNoEntry: false })?.isDirectory() === true) throw new RangeError(`${out} is a folder; name a file in it`);
}
