/** A recording as a file: safetensors whose text table says what the tensors are (recording format, section 1). */
import { hostArray, type HostArray } from "../check/host.ts";
import { numbersOf, parseSafetensors, type Stored } from "../io/safetensors.ts";
import { show } from "../tensor/tensor.ts";
import { readConfiguration, type Configuration } from "./configuration.ts";
import { RecordingError } from "./fields.ts";
import { slotsOf, type Slot } from "./slots.ts";

/** Arrays by name, each read when it is asked for, so that a large file need not fit in memory. A Map is one. */
export type Arrays = Pick<ReadonlyMap<string, HostArray>, "size" | "has" | "keys" | "get">;

export interface Recording {
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

/** In `__metadata__`. */
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

function batchOf({ images }: Configuration, tensors: ReadonlyMap<string, Stored>): number {
  if (images !== "stored") return images.batch;
  const stored = tensors.get("images");
  if (stored === undefined) throw new RecordingError('tensor images is missing, though images is "stored"');
  const [B = 0] = stored.shape;
  if (B === 0) throw new RecordingError(`tensor images must be [B, C, S, S] with B ≥ 1, got ${show(stored.shape)}`);
  return B;
}

/** @throws RecordingError unless the recording's JSON calls for, or allows, this tensor */
export function checkTensor(name: string, stored: Stored, slot: Slot | undefined, classes: number): asserts slot is Slot {
  if (slot === undefined) throw new RecordingError(`tensor ${name} is not called for by the recording's JSON`);
  if (show(stored.shape) !== show(slot.shape))
    throw new RecordingError(`tensor ${name} must be ${show(slot.shape)}, got ${show(stored.shape)}`);
  const dtypes = slot.labels === true ? ["I64"] : ["F64", "F32"];
  if (!dtypes.includes(stored.dtype)) throw new RecordingError(`tensor ${name} must be of ${dtypes.join(" or ")}, got ${stored.dtype}`);
  const stray = slot.labels === true ? numbersOf(stored).find((label) => label < 0 || label >= classes) : undefined;
  if (stray !== undefined) throw new RecordingError(`tensor ${name} must hold classes of 0 … ${classes - 1}, got ${stray}`);
}

/** @throws RecordingError for a tensor that the JSON calls for and that is not there */
export function checkComplete(slots: ReadonlyMap<string, Slot>, given: Pick<Arrays, "has">): void {
  for (const [name, { role }] of slots)
    if (role === "given" && !given.has(name))
      throw new RecordingError(`tensor ${name} is missing, though the recording's JSON calls for it`);
}

/**
 * Reads and checks a recording.
 *
 * @throws SafetensorsError for a file that is none
 * @throws RecordingError naming the field or tensor
 */
export function readRecording(bytes: Uint8Array): Recording {
  const { metadata, tensors } = parseSafetensors(bytes);
  const configuration = configurationOf(metadata);
  const batch = batchOf(configuration, tensors);
  const slots = slotsOf(configuration, batch);

  const [given, results] = [new Map<string, HostArray>(), new Map<string, HostArray>()];
  const rounded = new Set<string>();
  for (const [name, stored] of tensors) {
    const slot = slots.get(name);
    checkTensor(name, stored, slot, configuration.model.classes);
    (slot.role === "given" ? given : results).set(name, hostArray(stored.shape, numbersOf(stored)));
    if (stored.dtype === "F32") rounded.add(name);
  }
  checkComplete(slots, given);
  return { configuration, batch, given, results, rounded };
}
