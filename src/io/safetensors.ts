/**
 * The safetensors format, strictly: tensors by name, with a text table.
 *
 *   bytes 0 … 7      length n of the header, u64
 *   bytes 8 … 7 + n  JSON { "__metadata__": { text: text }, NAME: { "dtype", "shape", "data_offsets": [begin, end] }, … }, spaces at its end
 *   the rest         the tensors' numbers; offsets count from here and cover every byte once
 *
 * All numbers are little-endian, as the typed arrays of every host that runs JavaScript today are.
 */
import { size, type Shape } from "../tensor/tensor.ts";
import { FORMATS, isDtype, notBool, viewOf, type Dtype, type Stored, type Writable } from "./stored.ts";
import { isRecord, JsonError, parseJson } from "./strictJson.ts";

export { numbersOf } from "./stored.ts";
export type { Dtype, Stored, Writable } from "./stored.ts";

export interface Safetensors {
  readonly metadata: ReadonlyMap<string, string>;
  /** In the order of their data. */
  readonly tensors: ReadonlyMap<string, Stored>;
}

/** The file breaks a rule of the format, at a byte. */
export class SafetensorsError extends Error {
  override readonly name = "SafetensorsError";
  readonly offset: number;
  constructor(offset: number, rule: string) {
    super(`safetensors: byte ${offset}: ${rule}`);
    this.offset = offset;
  }
}

const PREFIX = 8;
const LONGEST_HEADER = 100_000_000; // the limit of the format's own library
const ALIGNMENT = 8;

const isLength = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;

function headerLength(bytes: Uint8Array): number {
  if (bytes.length < PREFIX)
    throw new SafetensorsError(bytes.length, `a file begins with ${PREFIX} bytes of header length, it has ${bytes.length}`);
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset, PREFIX).getBigUint64(0, true));
  if (length > LONGEST_HEADER) throw new SafetensorsError(0, `the header may have ${LONGEST_HEADER} bytes, it claims ${length}`);
  if (PREFIX + length > bytes.length)
    throw new SafetensorsError(bytes.length, `the file is truncated: its header ends at byte ${PREFIX + length}`);
  return length;
}

function textOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new SafetensorsError(PREFIX, "the header must be UTF-8");
  }
}

function headerOf(text: string): Readonly<Record<string, unknown>> {
  try {
    const header = parseJson(text);
    if (isRecord(header)) return header;
  } catch (error) {
    if (!(error instanceof JsonError)) throw error;
    const before = new TextEncoder().encode(text.slice(0, error.position)).length;
    throw new SafetensorsError(PREFIX + before, `the header must be JSON: ${error.message}`);
  }
  throw new SafetensorsError(PREFIX, "the header must be a JSON object");
}

function metadataOf(value: unknown): ReadonlyMap<string, string> {
  const metadata = new Map<string, string>();
  if (value === undefined) return metadata;
  if (!isRecord(value)) throw new SafetensorsError(PREFIX, "__metadata__ must be an object");
  for (const [key, text] of Object.entries(value)) {
    if (typeof text !== "string") throw new SafetensorsError(PREFIX, `__metadata__.${key} must be a text, got ${typeof text}`);
    metadata.set(key, text);
  }
  return metadata;
}

/** One tensor's line of the header. */
interface Entry {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: Shape;
  readonly begin: number;
  readonly end: number;
}

function entryOf(name: string, value: unknown): Entry {
  const refuse = (rule: string): SafetensorsError => new SafetensorsError(PREFIX, `tensor ${name}: ${rule}`);
  if (!isRecord(value)) throw refuse("must be an object");
  const { dtype, shape, data_offsets: offsets, ...others } = value;
  const [other] = Object.keys(others);
  if (other !== undefined) throw refuse(`has the unknown key ${other}`);
  if (!isDtype(dtype)) throw refuse(`dtype must be one of ${Object.keys(FORMATS).join(", ")}, got ${JSON.stringify(dtype)}`);
  if (!Array.isArray(shape) || !shape.every(isLength)) throw refuse(`shape must be a list of lengths, got ${JSON.stringify(shape)}`);
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isLength))
    throw refuse(`data_offsets must be [begin, end], got ${JSON.stringify(offsets)}`);
  const [begin = 0, end = 0] = offsets;
  const length = size(shape) * FORMATS[dtype].bytes;
  if (end - begin !== length) throw refuse(`[${shape.join(", ")}] of ${dtype} takes ${length} bytes, data_offsets give ${end - begin}`);
  return { name, dtype, shape: Object.freeze(shape), begin, end };
}

/** The entries in the order of their data, which must cover `length` bytes from byte `start` of the file on without overlap or hole. */
function covering(entries: readonly Entry[], start: number, length: number): readonly Entry[] {
  const sorted = entries.toSorted((a, b) => a.begin - b.begin || a.end - b.end);
  let covered = 0;
  for (const { name, begin, end } of sorted) {
    if (begin < covered) throw new SafetensorsError(start + begin, `tensor ${name} overlaps the one before it`);
    if (begin > covered) throw new SafetensorsError(start + covered, `${begin - covered} bytes before tensor ${name} belong to no tensor`);
    covered = end;
    if (covered > length) throw new SafetensorsError(start + length, `the file is truncated: tensor ${name} ends at byte ${start + end}`);
  }
  if (covered < length) throw new SafetensorsError(start + covered, `${length - covered} bytes after the last tensor belong to no tensor`);
  return sorted;
}

/** Bytes in a buffer of their own. (Not by `slice`, which for Node's `Buffer` gives a view.) */
const copied = (bytes: Uint8Array): ArrayBuffer => new Uint8Array(bytes).buffer;

/**
 * Reads a whole file; the tensors are copies.
 *
 * @throws SafetensorsError naming the byte and the rule that is broken
 */
export function parseSafetensors(bytes: Uint8Array): Safetensors {
  const start = PREFIX + headerLength(bytes);
  const { __metadata__, ...tensors } = headerOf(textOf(bytes.subarray(PREFIX, start)));
  const metadata = metadataOf(__metadata__);
  const entries = Object.entries(tensors).map(([name, value]) => entryOf(name, value));
  const data = bytes.subarray(start);
  const read = ({ name, dtype, shape, begin, end }: Entry): [string, Stored] => {
    const own = copied(data.subarray(begin, end));
    const bad = notBool(dtype, new Uint8Array(own));
    if (bad >= 0) throw new SafetensorsError(start + begin + bad, `tensor ${name}: a BOOL must be 0 or 1, got ${data[begin + bad]}`);
    return [name, FORMATS[dtype].read(shape, own)];
  };
  return { metadata, tensors: new Map(covering(entries, start, data.length).map(read)) };
}

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
