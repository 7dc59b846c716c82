/** A recording as a file: safetensors whose text table says what the tensors are (recording format, section 1). */
import { hostArray, type HostArray } from "../../check/host.ts";
import { memoryBytes, type ByteSource } from "../../io/disk/byteSource.ts";
import { numbersOf, openSafetensors, type Entry, type OpenSafetensors } from "../../io/safetensors/safetensors.ts";
import { show, size } from "../../tensor/tensor.ts";
import { readConfiguration, type Configuration } from "./configuration.ts";
import { RecordingError } from "./fields.ts";
import { slotsOf, type Slot } from "./slots.ts";

/** Arrays by name, each read when it is asked for, so that a large file need not fit in memory. A Map is one. */
export type Arrays = Pick<ReadonlyMap<string, HostArray>, "size" | "has" | "keys" | "get">;

/** A recording that was read: what it starts from, and what was computed. */
export interface Recording {
  /** What it is of. */
  readonly configuration: Configuration;
  /** B */
  readonly batch: number;
  /** What the computation starts from. */
  readonly given: Arrays;
  /** What the producer computed, in the file's order. */
  readonly results: Arrays;
  /** Results and given values that were rounded to f32 when they were stored. */
  readonly rounded: ReadonlySet<string>;
}

/** @throws RecordingError for a result that is not in the file */
export function resultOf({ results }: Recording, name: string): HostArray {
  const array = results.get(name);
  if (array === undefined) throw new RecordingError(`no tensor ${name}`);
  return array;
}

export const FORMAT = "deit-recording";
export const VERSION = "1";

function textOf(metadata: ReadonlyMap<string, string>, key: string): string {
  const value = metadata.get(key);
  if (value === undefined) throw new RecordingError(`__metadata__ must have ${key}; this is no recording`);
  return value;
}

function configurationOf(metadata: ReadonlyMap<string, string>): Configuration {
  const format = textOf(metadata, "format");
  if (format !== FORMAT) throw new RecordingError(`__metadata__.format must be "${FORMAT}", got "${format}"`);
  const version = textOf(metadata, "version");
  if (version !== VERSION) throw new RecordingError(`__metadata__.version must be "${VERSION}", got "${version}"`);
  return readConfiguration(textOf(metadata, "recording"));
}

function batchOf({ images }: Configuration, tensors: OpenSafetensors["entries"]): number {
  if (images !== "stored") return images.batch;
  const stored = tensors.get("images");
  if (stored === undefined) throw new RecordingError('tensor images is missing, though images is "stored"');
  const [B = 0] = stored.shape;
  if (B === 0) throw new RecordingError(`tensor images must be [B, C, S, S] with B ≥ 1, got ${show(stored.shape)}`);
  return B;
}

/** Numbers of the largest tensor that can be computed. */
const LARGEST = 2 ** 32;

/** @throws RecordingError for a model or a batch that is too large for anybody */
function checkSizes(slots: ReadonlyMap<string, Slot>): void {
  for (const [name, { shape }] of slots)
    if (size(shape) > LARGEST) throw new RecordingError(`tensor ${name} would be ${show(shape)}, more than 2^32 numbers`);
}

/** @throws RecordingError unless the recording's JSON calls for, or allows, a tensor of this shape and dtype */
export function checkTensor(name: string, { dtype, shape }: Pick<Entry, "dtype" | "shape">, slot: Slot | undefined): asserts slot is Slot {
  if (slot === undefined) throw new RecordingError(`tensor ${name} is not called for by the recording's JSON`);
  if (show(shape) !== show(slot.shape)) throw new RecordingError(`tensor ${name} must be ${show(slot.shape)}, got ${show(shape)}`);
  const dtypes = slot.labels === true ? ["I64"] : ["F64", "F32"];
  if (!dtypes.includes(dtype)) throw new RecordingError(`tensor ${name} must be of ${dtypes.join(" or ")}, got ${dtype}`);
}

/** @throws RecordingError for a tensor that the JSON calls for and that is not there, or a label that is no class */
export function checkGiven(slots: ReadonlyMap<string, Slot>, given: Arrays, classes: number): void {
  for (const [name, { role, labels }] of slots) {
    if (role !== "given") continue;
    if (!given.has(name)) throw new RecordingError(`tensor ${name} is missing, though the recording's JSON calls for it`);
    const stray = labels === true ? given.get(name)?.data.find((label) => label < 0 || label >= classes) : undefined;
    if (stray !== undefined) throw new RecordingError(`tensor ${name} must hold classes of 0 … ${classes - 1}, got ${stray}`);
  }
}

/** Bytes of a file up to which all of its tensors are kept in memory. */
const KEPT = 2 ** 28;

/** Some tensors of a file, in its order. */
function arraysOf(file: OpenSafetensors, names: readonly string[], kept: boolean): Arrays {
  const read = (name: string): HostArray => {
    const stored = file.read(name);
    return hostArray(stored.shape, numbersOf(stored));
  };
  if (kept) return new Map(names.map((name) => [name, read(name)]));
  const set = new Set(names);
  return { size: set.size, has: (name) => set.has(name), keys: () => set.keys(), get: (name) => (set.has(name) ? read(name) : undefined) };
}

/**
 * Opens and checks a recording. The tensors of a large file stay in it, and are read when they are asked for.
 *
 * @throws SafetensorsError for a file that is none
 * @throws RecordingError naming the field or tensor
 */
export function openRecording(source: ByteSource): Recording {
  const file = openSafetensors(source);
  const { metadata, entries } = file;
  const configuration = configurationOf(metadata);
  const batch = batchOf(configuration, entries);
  const slots = slotsOf(configuration, batch);
  checkSizes(slots);
  for (const [name, entry] of entries) checkTensor(name, entry, slots.get(name));

  const named = (role: Slot["role"]): readonly string[] => [...entries.keys()].filter((name) => slots.get(name)?.role === role);
  const [given, results] = [arraysOf(file, named("given"), source.size <= KEPT), arraysOf(file, named("result"), source.size <= KEPT)];
  checkGiven(slots, given, configuration.model.classes);
  const rounded = new Set([...entries].filter(([, { dtype }]) => dtype === "F32").map(([name]) => name));
  return { configuration, batch, given, results, rounded };
}

/** `openRecording` of a file that is in memory. */
export const readRecording = (bytes: Uint8Array): Recording => openRecording(memoryBytes(bytes));
