/**
 * The header of a safetensors file: what is where.
 *
 *   bytes 0 … 7      length n of the header, u64
 *   bytes 8 … 7 + n  JSON { "__metadata__": { text: text }, NAME: { "dtype", "shape", "data_offsets": [begin, end] }, … }, spaces at its end
 *   the rest         the tensors' numbers; offsets count from here and cover every byte once
 *
 * All numbers are little-endian, as the typed arrays of every host that runs JavaScript today are.
 */
import type { Shape } from "../../tensor/tensor.ts";
import type { ByteSource } from "../disk/byteSource.ts";
import { FormatError, quoted, shapeText, type Refuse } from "../formatError.ts";
import { jsonReader, type JsonReader } from "./jsonReader.ts";
import { bytesIn, FORMATS, isDtype, type Dtype } from "../weights/stored.ts";

/** A file that breaks a rule of the format. */
export class SafetensorsError extends FormatError {
  /** `SafetensorsError`. */
  override readonly name = "SafetensorsError";
  constructor(offset: number, rule: string) {
    super("safetensors", offset, rule);
  }
}

const refuse: Refuse = (offset, rule) => new SafetensorsError(offset, rule);

/** Bytes that hold the header's length. */
export const PREFIX = 8;
/** The limit of the format's own library. */
export const LONGEST_HEADER = 100_000_000;

function headerLength({ size, read }: ByteSource): number {
  if (size < PREFIX) throw refuse(size, `a file begins with ${PREFIX} bytes of header length, it has ${size}`);
  const length = new DataView(read(0, PREFIX).buffer).getBigUint64(0, true);
  if (length > LONGEST_HEADER) throw refuse(0, `the header may have ${LONGEST_HEADER} bytes, it claims ${length}`);
  const end = PREFIX + Number(length);
  if (end > size) throw refuse(size, `the file is truncated: its header ends at byte ${end}`);
  return Number(length);
}

function metadataOf(json: JsonReader): ReadonlyMap<string, string> {
  const metadata = new Map<string, string>();
  json.members("__metadata__", (key) => metadata.set(key, json.text(`__metadata__.${quoted(key)}`)));
  return metadata;
}

/** A tensor's entry in the header. */
export interface Entry {
  /** The tensor's name. */
  readonly name: string;
  /** The type of its numbers. */
  readonly dtype: Dtype;
  /** Axis lengths, outermost first. */
  readonly shape: Shape;
  /** The tensor's first byte in the file. */
  readonly begin: number;
  /** The byte after its last. */
  readonly end: number;
}

function dtypeOf(json: JsonReader, tensor: string): Dtype {
  const at = json.place();
  const dtype = json.text(`${tensor}: dtype`);
  if (!isDtype(dtype)) throw refuse(at, `${tensor}: dtype must be one of ${Object.keys(FORMATS).join(", ")}, got ${quoted(dtype)}`);
  return dtype;
}

function countsOf(json: JsonReader, what: string): readonly number[] {
  const counts: number[] = [];
  json.items(what, () => counts.push(json.count(`${what}: each`)));
  return counts;
}

/** Reads a tensor's entry. @param start the byte from which offsets count */
function entryOf(json: JsonReader, name: string, start: number): Entry {
  const tensor = `tensor ${quoted(name)}`;
  const begins = json.place();
  let dtype: Dtype | undefined;
  let shape: { readonly at: number; readonly lengths: readonly number[] } | undefined;
  let offsets: { readonly at: number; readonly counts: readonly number[] } | undefined;
  json.members(tensor, (key, place) => {
    if (key === "dtype") dtype = dtypeOf(json, tensor);
    else if (key === "shape") shape = { at: json.place(), lengths: countsOf(json, `${tensor}: shape`) };
    else if (key === "data_offsets") offsets = { at: json.place(), counts: countsOf(json, `${tensor}: data_offsets`) };
    else throw refuse(place, `${tensor}: may have the keys dtype, shape and data_offsets, got ${quoted(key)}`);
  });
  if (dtype === undefined || shape === undefined || offsets === undefined)
    throw refuse(begins, `${tensor}: must have the keys dtype, shape and data_offsets`);

  const { lengths } = shape;
  const { counts } = offsets;
  const [begin = 0, end = 0] = counts;
  if (counts.length !== 2 || begin > end)
    throw refuse(offsets.at, `${tensor}: data_offsets must be [begin, end] with begin ≤ end, got ${shapeText(counts)}`);
  const wanted = bytesIn(dtype, lengths);
  if (wanted === null) throw refuse(shape.at, `${tensor}: ${shapeText(lengths)} of ${dtype} takes more than 2^53 − 1 bytes`);
  if (wanted !== end - begin)
    throw refuse(offsets.at, `${tensor}: ${shapeText(lengths)} of ${dtype} takes ${wanted} bytes, data_offsets give ${end - begin}`);
  return { name, dtype, shape: Object.freeze(lengths), begin: start + begin, end: start + end };
}

/** Sorts the entries by their data, which must cover the bytes from `start` to `end` without overlap or gap. */
function covering(entries: readonly Entry[], start: number, end: number): readonly Entry[] {
  const sorted = entries.toSorted((a, b) => a.begin - b.begin || a.end - b.end);
  let covered = start;
  for (const entry of sorted) {
    const { begin } = entry;
    const tensor = `tensor ${quoted(entry.name)}`;
    if (begin < covered) throw refuse(begin, `${tensor} overlaps the one before it`);
    if (begin > covered) throw refuse(covered, `${begin - covered} bytes before ${tensor} belong to no tensor`);
    covered = entry.end;
    if (covered > end) throw refuse(end, `the file is truncated: ${tensor} ends at byte ${covered}`);
  }
  if (covered < end) throw refuse(covered, `${end - covered} bytes after the last tensor belong to no tensor`);
  return sorted;
}

/** The header of a safetensors file. */
export interface Header {
  /** The file's text table. */
  readonly metadata: ReadonlyMap<string, string>;
  /** The tensors by name, in the order of their data. */
  readonly entries: ReadonlyMap<string, Entry>;
}

/**
 * Reads and checks the whole header; of the data only its length is checked.
 *
 * @throws SafetensorsError that names the byte and the broken rule
 */
export function readHeader(source: ByteSource): Header {
  const length = headerLength(source);
  const start = PREFIX + length;
  const bytes = source.read(PREFIX, length);
  if (bytes[0] !== "{".charCodeAt(0)) throw refuse(PREFIX, "the header must begin with {");
  const json = jsonReader(bytes, PREFIX, refuse);
  let metadata: ReadonlyMap<string, string> = new Map();
  const entries: Entry[] = [];
  json.members("the header", (name) => {
    if (name === "__metadata__") metadata = metadataOf(json);
    else entries.push(entryOf(json, name, start));
  });
  json.end();
  return { metadata, entries: new Map(covering(entries, start, source.size).map((entry) => [entry.name, entry])) };
}
