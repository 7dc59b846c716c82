/**
 * Index files, little-endian:
 *
 *   "DEITINDX"  u32 version  u32 length of the header    the header in JSON, then zeros up to a multiple of 8    the columns    SHA-256 of all this
 *
 * A file is read whole or refused: its length and its digest must be those that it states. The columns are read into shared memory.
 */
import { createHash, type Hash } from "node:crypto";
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { writeDurably } from "../../io/disk/durable.ts";
import { headerOf, headerText, type IndexHeader } from "./indexHeader.ts";
import { columnBytes, columnsOf, type ImageIndex } from "./imageIndex.ts";

const MAGIC = new TextEncoder().encode("DEITINDX");
const VERSION = 1;
/** Bytes before the header. */
const PREFIX = MAGIC.length + 2 * 4;
const DIGEST = 32;
/** The longest header: that of a million folders. */
const LONGEST_HEADER = 2 ** 27;
/** Bytes that are read or written at a time. */
const PIECE = 2 ** 24;

const padded = (length: number): number => Math.ceil(length / 8) * 8;

/** Everything before the columns. */
function startOf(index: ImageIndex): Uint8Array {
  const header = new TextEncoder().encode(headerText(index));
  const start = new Uint8Array(padded(PREFIX + header.length));
  start.set(MAGIC);
  start.set(new Uint8Array(Uint32Array.of(VERSION, header.length).buffer), MAGIC.length);
  start.set(header, PREFIX);
  return start;
}

async function* piecesOf(index: ImageIndex): AsyncGenerator<Uint8Array, void> {
  const hash = createHash("sha256");
  const start = startOf(index);
  hash.update(start);
  yield start;
  const columns = new Uint8Array(index.columns);
  for (let begin = 0; begin < columns.length; begin += PIECE) {
    const piece = columns.subarray(begin, begin + PIECE);
    hash.update(piece);
    yield piece;
  }
  yield hash.digest();
}

/**
 * Writes an index; a reader finds the whole file or none.
 *
 * @throws Error of node:fs
 */
export const writeIndex = (path: string, index: ImageIndex): Promise<void> => writeDurably(path, piecesOf(index));

/** Fills the array with a file's bytes from `from` on, and adds them to the hash, if there is one. */
function fill(file: number, bytes: Uint8Array, from: number, hash: Hash | null): void {
  for (let done = 0; done < bytes.length;) {
    const count = readSync(file, bytes, done, Math.min(PIECE, bytes.length - done), from + done);
    if (count === 0) throw new RangeError("it is cut off");
    hash?.update(bytes.subarray(done, done + count));
    done += count;
  }
}

/** The header with its length, and the hash of all bytes before the columns. */
function readStart(file: number, size: number): { readonly header: IndexHeader; readonly length: number; readonly hash: Hash } {
  const hash = createHash("sha256");
  if (size < PREFIX + DIGEST) throw new RangeError(`it has only ${size} bytes`);
  const prefix = new Uint8Array(PREFIX);
  fill(file, prefix, 0, hash);
  const [version = 0, headerLength = 0] = new Uint32Array(prefix.buffer, MAGIC.length);
  if (!MAGIC.every((byte, i) => prefix[i] === byte)) throw new RangeError("it is not an index of images");
  if (version !== VERSION) throw new RangeError(`its version must be ${VERSION}, got ${version}`);
  const length = padded(PREFIX + headerLength);
  if (headerLength > LONGEST_HEADER || length + DIGEST > size) throw new RangeError(`its header cannot have ${headerLength} bytes`);
  const rest = new Uint8Array(length - PREFIX);
  fill(file, rest, PREFIX, hash);
  if (rest.subarray(headerLength).some((byte) => byte !== 0)) throw new RangeError("its header must be followed by zeros");
  return { header: headerOf(new TextDecoder("utf-8", { fatal: true }).decode(rest.subarray(0, headerLength))), length, hash };
}

/** @throws RangeError unless labels, archives and names are those of images that the header describes */
function checkColumns({ classes, origin, count }: IndexHeader, columns: SharedArrayBuffer): void {
  const { begins, lengths, shards, labels, ends, names } = columnsOf(origin.kind, count, columns);
  const archives = origin.kind === "archives" ? origin.archives : [];
  for (let i = 0; i < count; i++) {
    if ((labels[i] ?? 0) >= classes.length) throw new RangeError(`the label of its image ${i} is none of ${classes.length} classes`);
    if ((ends[i] ?? 0) < (ends[i - 1] ?? 0)) throw new RangeError(`the name of its image ${i} ends before it begins`);
  }
  for (let i = 0; i < begins.length; i++) {
    const size = archives[shards[i] ?? 0]?.size ?? -1;
    const [begin, length] = [begins[i] ?? NaN, lengths[i] ?? NaN];
    const whole = Number.isSafeInteger(begin) && Number.isSafeInteger(length) && begin >= 0 && length >= 0;
    if (!(whole && begin + length <= size)) throw new RangeError(`its image ${i} is outside its archive`);
  }
  if ((ends[count - 1] ?? 0) !== names.length) throw new RangeError("its names have another length than it states");
}

function readOpened(file: number): ImageIndex {
  const { size } = fstatSync(file);
  const { header, length, hash } = readStart(file, size);
  const bytes = size - length - DIGEST;
  if (bytes !== header.columnBytes) throw new RangeError(`it must have ${length + header.columnBytes + DIGEST} bytes, it has ${size}`);
  if (bytes < columnBytes(header.origin.kind, header.count, 0)) throw new RangeError(`it has no room for ${header.count} images`);
  const columns = new SharedArrayBuffer(bytes);
  fill(file, new Uint8Array(columns), length, hash);
  const stated = new Uint8Array(DIGEST);
  fill(file, stated, size - DIGEST, null);
  if (!hash.digest().equals(stated)) throw new RangeError("its SHA-256 is not the one that it states");
  checkColumns(header, columns);
  const { text, classes, origin, count, digest } = header;
  return { text, classes, origin, count, columns, digest };
}

/**
 * Reads an index that `writeIndex` has written. Whether the images are still as they were is checked when the set is opened by it.
 *
 * @throws RangeError, one line, for a file that is damaged or is no such file; Error of node:fs if it cannot be read
 */
export function readIndex(path: string): ImageIndex {
  const file = openSync(path, "r");
  try {
    return readOpened(file);
  } catch (error) {
    const what = error instanceof Error ? error.message : String(error);
    throw new RangeError(`data: ${path} is damaged: ${what}; remove it, and it is made again`, { cause: error });
  } finally {
    closeSync(file);
  }
}
