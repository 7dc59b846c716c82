/** Turns what went wrong with a file into an error of one line that names the file. */

/** Whether node:fs has found no file at this path. */
const isMissing = (path: string, error: unknown): boolean =>
  error instanceof Error && "code" in error && error.code === "ENOENT" && error.message.includes(path);

/** The error for a file that is missing, cannot be read, or does not hold what it should. */
export function aboutFile(path: string, error: unknown): RangeError {
  if (isMissing(path, error)) return new RangeError(`no such file: ${path}`, { cause: error });
  const message = error instanceof Error ? error.message : String(error);
  return new RangeError(message.includes(path) ? message : `${path}: ${message}`, { cause: error });
}
