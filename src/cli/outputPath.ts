/** Where a command may write a file. */
import { statSync } from "node:fs";
import { dirname } from "node:path";

/** @throws RangeError before anything is computed that could not be written */
export function checkWritable(out: string): void {
  const folder = dirname(out);
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) throw new RangeError(`${out}: there is no folder ${folder}`);
  if (statSync(out, { throwIfNoEntry: false })?.isDirectory() === true) throw new RangeError(`${out} is a folder; name a file in it`);
}
