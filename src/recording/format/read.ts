/** Reads a recording from a file: safetensors whose metadata says what the tensors are (recording format, section 1). */
import { hostArray, type HostArray } from "../../check/host.ts";
import { memoryBytes, type ByteSource } from "../../io/disk/byteSource.ts";
import { numbersOf, openSafetensors, type Entry, type OpenSafetensors } from "../../io/safetensors/safetensors.ts";
import { show, size } from "../../tensor/tensor.ts";
import { readConfiguration, type Configuration } from "./configuration.ts";
import { RecordingError } from "./fields.ts";
import { tensorSpecsOf, type TensorSpec } from "./tensorSpecs.ts";

/** Arrays by name, each read from the file when it is needed, so that a large file need not fit in memory. A Map is an `Arrays`. */
export type Arrays = Pick<ReadonlyMap<string, HostArray>, "size" | "has" | "keys" | "get">;

/** A recording: what the computation started from, and what it computed. */
export interface Recording {
  /** What was computed, and how. */
  readonly configuration: Configuration;
  /** B */
  readonly batch: number;
  /** What the computation starts from. */
  readonly given: Arrays;
  /** What the producer computed, in the file's order. */
  readonly results: Arrays;
  /** Names of the results and given tensors that the file stores in f32. */
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

/** The most numbers of a tensor that can be computed. */
const LARGEST = 2 ** 32;

/** @throws RecordingError for a model or a batch that no machine could compute */
function checkSizes(specs: ReadonlyMap<string, TensorSpec>): void {
  for (const [name, { shape }] of specs)
    if (size(shape) > LARGEST) throw new RecordingError(`tensor ${name} would be ${show(shape)}, more than 2^32 numbers`);
}

/** @throws RecordingError unless the recording's JSON calls for, or allows, a tensor of this shape and dtype */
export function checkTensor(
  name: string,
  { dtype, shape }: Pick<Entry, "dtype" | "shape">,
  spec: TensorSpec | undefined,
): asserts spec is TensorSpec {
  if (spec === undefined) throw new RecordingError(`tensor ${name} is not called for by the recording's JSON`);
  if (show(shape) !== show(spec.shape)) throw new RecordingError(`tensor ${name} must be ${show(spec.shape)}, got ${show(shape)}`);
  const dtypes = spec.labels === true ? ["I64"] : ["F64", "F32"];
  if (!dtypes.includes(dtype)) throw new RecordingError(`tensor ${name} must be of ${dtypes.join(" or ")}, got ${dtype}`);
}

/** @throws RecordingError if a tensor that the JSON calls for is missing, or a label is not a class of the model */
export function checkGiven(specs: ReadonlyMap<string, TensorSpec>, given: Arrays, classes: number): void {
  for (const [name, { role, labels }] of specs) {
    if (role !== "given") continue;
    if (!given.has(name)) throw new RecordingError(`tensor ${name} is missing, though the recording's JSON calls for it`);
    const stray = labels === true ? given.get(name)?.data.find((label) => label < 0 || label >= classes) : undefined;
    if (stray !== undefined) throw new RecordingError(`tensor ${name} must hold classes of 0 … ${classes - 1}, got ${stray}`);
  }
}

/** The size in bytes up to which a file is read into memory as a whole. */
const KEPT = 2 ** 28;

/** The tensors of a file that have these names, in the order of the file; `kept`: read at once and kept in memory. */
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
 * Opens and checks a recording. The tensors of a large file are read only when they are needed.
 *
 * @throws SafetensorsError for a file that is not safetensors
 * @throws RecordingError naming the field or tensor that is wrong
 */
export function openRecording(source: ByteSource): Recording {
  const file = openSafetensors(source);
  const { metadata, entries } = file;
  const configuration = configurationOf(metadata);
  const batch = batchOf(configuration, entries);
  const specs = tensorSpecsOf(configuration, batch);
  checkSizes(specs);
  for (const [name, entry] of entries) checkTensor(name, entry, specs.get(name));

  const named = (role: TensorSpec["role"]): readonly string[] => [...entries.keys()].filter((name) => specs.get(name)?.role === role);
  const [given, results] = [arraysOf(file, named("given"), source.size <= KEPT), arraysOf(file, named("result"), source.size <= KEPT)];
  checkGiven(specs, given, configuration.model.classes);
  const rounded = new Set([...entries].filter(([, { dtype }]) => dtype === "F32").map(([name]) => name));
  return { configuration, batch, given, results, rounded };
}

/** `openRecording` of a file that is in memory. */
export const readRecording = (bytes: Uint8Array): Recording => openRecording(memoryBytes(bytes));
