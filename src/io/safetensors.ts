/**
 * The safetensors format, strictly: tensors by name, with a text table (`safetensorsHeader.ts`). A file is opened, which checks its header, and
 * its tensors are then read one by one; or it is read whole.
 */
import { memoryBytes, type ByteSource } from "./byteSource.ts";
import { PREFIX, readHeader, SafetensorsError, type Entry, type Header } from "./safetensorsHeader.ts";
import { FORMATS, notBool, viewOf, type Stored, type Writable } from "./stored.ts";

export { SafetensorsError, type Entry } from "./safetensorsHeader.ts";
export { numbersOf } from "./stored.ts";
export type { Dtype, Stored, Writable } from "./stored.ts";

const ALIGNMENT = 8;

/** A file whose header is read and found right; its numbers wait. */
export interface OpenSafetensors extends Header {
  /**
   * A tensor, read now; it is kept by nobody else.
   *
   * @throws RangeError for a name that is not in the file; SafetensorsError for a BOOL that is not 0 or 1; what the source throws
   */
  readonly read: (name: string) => Stored;
}

/** All of a file. */
export interface Safetensors {
  readonly metadata: ReadonlyMap<string, string>;
  /** In the order of their data. */
  readonly tensors: ReadonlyMap<string, Stored>;
}

function readTensor(source: ByteSource, { name, dtype, shape, begin, end }: Entry): Stored {
  const bytes = source.read(begin, end - begin);
  const bad = notBool(dtype, bytes);
  if (bad >= 0) throw new SafetensorsError(begin + bad, `tensor ${name}: a BOOL must be 0 or 1, got ${bytes[bad]}`);
  return FORMATS[dtype].read(shape, bytes.buffer);
}

/**
 * Reads and checks the header; the tensors are read when they are asked for.
 *
 * @throws SafetensorsError naming the byte and the rule that is broken
 */
export function openSafetensors(source: ByteSource): OpenSafetensors {
  const header = readHeader(source);
  const read = (name: string): Stored => {
    const entry = header.entries.get(name);
    if (entry === undefined) throw new RangeError(`safetensors: nothing named ${name}`);
    return readTensor(source, entry);
  };
  return { ...header, read };
}

/**
 * Reads everything; the tensors are copies, one after the other, so that no byte of a file is in memory twice.
 *
 * @throws SafetensorsError naming the byte and the rule that is broken
 */
export function readSafetensors(source: ByteSource): Safetensors {
  const { metadata, entries, read } = openSafetensors(source);
  return { metadata, tensors: new Map([...entries.keys()].map((name) => [name, read(name)])) };
}

/** `readSafetensors` of a file that is in memory. */
export const parseSafetensors = (bytes: Uint8Array): Safetensors => readSafetensors(memoryBytes(bytes));

/**
 * A file with these tensors in this order; equal arguments give equal bytes.
 *
 * @throws RangeError for a name that the format keeps for itself, a shape that does not fit its numbers, or a BOOL that is not 0 or 1
 */
export function writeSafetensors(tensors: ReadonlyMap<string, Writable>, metadata: ReadonlyMap<string, string> = new Map()): Uint8Array {
  if (metadata.has("__proto__")) throw new RangeError("writeSafetensors: metadata may not have the key __proto__");
  const lines = [`"__metadata__":${JSON.stringify(Object.fromEntries(metadata))}`];
  let end = 0;
  for (const [name, stored] of tensors) {
    if (name === "__metadata__" || name === "__proto__") throw new RangeError(`writeSafetensors: a tensor may not be called ${name}`);
    const { dtype, shape } = stored;
    const begin = end;
    end += viewOf(`writeSafetensors: ${name}`, stored).length;
    lines.push(`${JSON.stringify(name)}:${JSON.stringify({ dtype, shape, data_offsets: [begin, end] })}`);
  }
  const json = new TextEncoder().encode(`{${lines.join(",")}}`);
  const length = Math.ceil(json.length / ALIGNMENT) * ALIGNMENT;

  const bytes = new Uint8Array(PREFIX + length + end);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true);
  bytes.fill(" ".charCodeAt(0), PREFIX, PREFIX + length);
  bytes.set(json, PREFIX);
  let offset = PREFIX + length;
  for (const [name, stored] of tensors) {
    const view = viewOf(`writeSafetensors: ${name}`, stored);
    bytes.set(view, offset);
    offset += view.length;
  }
  return bytes;
}
