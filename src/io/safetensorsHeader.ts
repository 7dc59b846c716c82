/**
 * The header of a safetensors file: what is where.
 *
 *   bytes 0 … 7      length n of the header, u64
 *   bytes 8 … 7 + n  JSON { "__metadata__": { text: text }, NAME: { "dtype", "shape", "data_offsets": [begin, end] }, … }, spaces at its end
 *   the rest         the tensors' numbers; offsets count from here and cover every byte once
 *
 * All numbers are little-endian, as the typed arrays of every host that runs JavaScript today are.
 */
import { size, type Shape } from "../tensor/tensor.ts";
import type { ByteSource } from "./byteSource.ts";
import { FormatError } from "./formatError.ts";
import { FORMATS, isDtype, type Dtype } from "./stored.ts";
import { isRecord, JsonError, parseJson } from "./strictJson.ts";

/** The file breaks a rule of the format, at a byte. */
export class SafetensorsError extends FormatError {
  override readonly name = "SafetensorsError";
  constructor(offset: number, rule: string) {
    super("safetensors", offset, rule);
  }
}

export const PREFIX = 8;
const LONGEST_HEADER = 100_000_000; // the limit of the format's own library

const isLength = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;

function headerLength({ size, read }: ByteSource): number {
  if (size < PREFIX) throw new SafetensorsError(size, `a file begins with ${PREFIX} bytes of header length, it has ${size}`);
  const length = Number(new DataView(read(0, PREFIX).buffer).getBigUint64(0, true));
  if (length > LONGEST_HEADER) throw new SafetensorsError(0, `the header may have ${LONGEST_HEADER} bytes, it claims ${length}`);
  if (PREFIX + length > size) throw new SafetensorsError(size, `the file is truncated: its header ends at byte ${PREFIX + length}`);
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
export interface Entry {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: Shape;
  /** The first of its bytes in the file, and the first one after them. */
  readonly begin: number;
  readonly end: number;
}

function entryOf(name: string, value: unknown, start: number): Entry {
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
  return { name, dtype, shape: Object.freeze(shape), begin: start + begin, end: start + end };
}

/** The entries in the order of their data, which must cover the bytes from `start` to `end` without overlap or hole. */
function covering(entries: readonly Entry[], start: number, end: number): readonly Entry[] {
  const sorted = entries.toSorted((a, b) => a.begin - b.begin || a.end - b.end);
  let covered = start;
  for (const entry of sorted) {
    const { name, begin } = entry;
    if (begin < covered) throw new SafetensorsError(begin, `tensor ${name} overlaps the one before it`);
    if (begin > covered) throw new SafetensorsError(covered, `${begin - covered} bytes before tensor ${name} belong to no tensor`);
    covered = entry.end;
    if (covered > end) throw new SafetensorsError(end, `the file is truncated: tensor ${name} ends at byte ${covered}`);
  }
  if (covered < end) throw new SafetensorsError(covered, `${end - covered} bytes after the last tensor belong to no tensor`);
  return sorted;
}

export interface Header {
  readonly metadata: ReadonlyMap<string, string>;
  /** In the order of their data. */
  readonly entries: ReadonlyMap<string, Entry>;
}

/**
 * Reads the header and checks all of it; of the data only how many bytes there are.
 *
 * @throws SafetensorsError naming the byte and the rule that is broken
 */
export function readHeader(source: ByteSource): Header {
  const length = headerLength(source);
  const start = PREFIX + length;
  const { __metadata__, ...tensors } = headerOf(textOf(source.read(PREFIX, length)));
  const metadata = metadataOf(__metadata__);
  const entries = Object.entries(tensors).map(([name, value]) => entryOf(name, value, start));
  return { metadata, entries: new Map(covering(entries, start, source.size).map((entry) => [entry.name, entry])) };
}
