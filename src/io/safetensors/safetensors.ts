/**
 * A strict reader of safetensors files: tensors by name, with a text table (`header.ts`). A file is opened, which checks its header, and its
 * tensors are then read one by one; or it is read whole.
 */
import { quoted } from "../formatError.ts";
import { memoryBytes, type ByteSource } from "../disk/byteSource.ts";
import { readHeader, SafetensorsError, type Entry, type Header } from "./header.ts";
import { FORMATS, notBool, type Stored } from "../weights/stored.ts";

export { SafetensorsError, type Entry } from "./header.ts";
export { safetensorsPieces, writeSafetensors, type Planned, type TensorOf } from "./write.ts";
export { numbersOf } from "../weights/stored.ts";
export type { Dtype, Stored, Writable } from "../weights/stored.ts";

/** A file whose header has been read and checked; its tensors can be read. */
export interface OpenSafetensors extends Header {
  /**
   * Reads a tensor; each call reads it again.
   *
   * @throws RangeError for a name that is not in the file; SafetensorsError for a BOOL that is not 0 or 1; whatever the source throws
   */
  readonly read: (name: string) => Stored;
}

/** The content of a file. */
export interface Safetensors {
  /** The file's text table. */
  readonly metadata: ReadonlyMap<string, string>;
  /** The tensors by name, in the order of their data. */
  readonly tensors: ReadonlyMap<string, Stored>;
}

function readTensor(source: ByteSource, { name, dtype, shape, begin, end }: Entry): Stored {
  const bytes = source.read(begin, end - begin);
  const bad = notBool(dtype, bytes);
  if (bad >= 0) throw new SafetensorsError(begin + bad, `tensor ${quoted(name)}: a BOOL must be 0 or 1, got ${bytes[bad]}`);
  return FORMATS[dtype].read(shape, bytes.buffer);
}

/**
 * Opens a file: reads and checks its header. The tensors are read later, one by one.
 *
 * @throws SafetensorsError that names the byte and the broken rule
 */
export function openSafetensors(source: ByteSource): OpenSafetensors {
  const header = readHeader(source);
  const read = (name: string): Stored => {
    const entry = header.entries.get(name);
    if (entry === undefined) throw new RangeError(`safetensors: nothing named ${quoted(name)}`);
    return readTensor(source, entry);
  };
  return { ...header, read };
}

/**
 * Reads a whole file. The tensors are copied one by one, so that no byte of the file is in memory twice.
 *
 * @throws SafetensorsError that names the byte and the broken rule
 */
export function readSafetensors(source: ByteSource): Safetensors {
  const { metadata, entries, read } = openSafetensors(source);
  return { metadata, tensors: new Map([...entries.keys()].map((name) => [name, read(name)])) };
}

/** Reads a whole file that is in memory. */
export const parseSafetensors = (bytes: Uint8Array): Safetensors => readSafetensors(memoryBytes(bytes));
