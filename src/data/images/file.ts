/** Reads image files by path. */
import { readFile, stat } from "node:fs/promises";
import { decodeImage } from "./decode.ts";
import { ImageError } from "./imageError.ts";
import type { Pixels } from "../pixels/pixels.ts";

/** The largest file that is read: a quarter of a gigabyte. */
export const MOST_BYTES: number = 2 ** 28;

const withPath = (path: string, error: unknown): ImageError =>
  new ImageError(`${path}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });

/** Returns the number of bytes. @throws ImageError if a file of that length is not read */
export function checkedLength(bytes: number): number {
  if (bytes > MOST_BYTES) throw new ImageError(`is a file of ${bytes} bytes; at most ${MOST_BYTES} are read`);
  return bytes;
}

/**
 * Reads an image file as [height, width, 3], decoded by `decodeImage`.
 *
 * @throws ImageError naming the path
 */
export async function imageAt(path: string): Promise<Pixels> {
  const found = await stat(path).catch(() => null);
  if (found === null) throw new ImageError(`no image ${path}: there is no such file`);
  if (!found.isFile()) throw new ImageError(`${path} is not a file; give a JPEG, PNG or WebP image`);
  try {
    checkedLength(found.size);
    return await decodeImage(await readFile(path));
  } catch (error) {
    throw withPath(path, error);
  }
}
