/** Errors that say in which data they arose. */

/** The text of whatever was thrown. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/**
 * The result of `read`.
 *
 * @throws RangeError `data: WHERE: …` for anything that `read` throws
 */
export function located<T>(where: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new RangeError(`data: ${where}: ${messageOf(error)}`, { cause: error });
  }
}
