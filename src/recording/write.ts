/** A recording as a file: the inverse of `read.ts`, and as strict (recording format, section 1). */
import type { HostArray } from "../check/host.ts";
import { writeSafetensors, type Stored } from "../io/safetensors.ts";
import { readConfiguration, type Configuration } from "./configuration.ts";
import { RecordingError } from "./fields.ts";
import { checkGiven, checkTensor, FORMAT, VERSION, type Recording } from "./read.ts";
import { slotsOf } from "./slots.ts";

/** The JSON text of section 2; `readConfiguration` reads the same configuration from it. */
export function configurationText({ model: { position, ...model }, ...configuration }: Configuration): string {
  if (position !== "learned")
    throw new RecordingError(`model.position must be "learned", the only one that a file can say, got "${position}"`);
  const { producer, dtype, weights, images, dropPath, loss, optimizer } = configuration;
  const text = JSON.stringify({ producer, dtype, model, weights, images, dropPath, loss, optimizer });
  readConfiguration(text); // what cannot be read is not written
  return text;
}

function labelsOf(name: string, { shape, data }: HostArray): Stored {
  const stray = data.find((label) => !Number.isInteger(label));
  if (stray !== undefined) throw new RecordingError(`tensor ${name} must hold class numbers, got ${stray}`);
  return { dtype: "I64", shape, data: BigInt64Array.from(data, BigInt) };
}

function storedOf(name: string, array: HostArray, labels: boolean, rounded: boolean): Stored {
  if (labels) return labelsOf(name, array);
  const { shape, data } = array;
  return rounded ? { dtype: "F32", shape, data: Float32Array.from(data) } : { dtype: "F64", shape, data };
}

/**
 * The file of a recording, given tensors first; equal recordings give equal bytes. Reading it gives the recording again, with the tensors
 * of `rounded` rounded to f32.
 *
 * @throws RecordingError for what `readRecording` would refuse
 */
export function writeRecording(recording: Recording): Uint8Array {
  const { configuration, batch, given, results, rounded } = recording;
  const metadata = new Map([
    ["format", FORMAT],
    ["version", VERSION],
    ["recording", configurationText(configuration)],
  ]);
  const { images } = configuration;
  if (images !== "stored" && images.batch !== batch)
    throw new RecordingError(`images.batch must be the batch ${batch}, got ${images.batch}`);
  const slots = slotsOf(configuration, batch);
  checkGiven(slots, given, configuration.model.classes);
  const tensors = new Map<string, Stored>();
  for (const [role, arrays] of [["given", given] as const, ["result", results] as const])
    for (const name of arrays.keys()) {
      const [array, slot] = [arrays.get(name), slots.get(name)];
      if (array === undefined) throw new RecordingError(`no tensor ${name}`);
      const stored = storedOf(name, array, slot?.labels === true, rounded.has(name));
      checkTensor(name, stored, slot);
      if (slot.role !== role)
        throw new RecordingError(`tensor ${name} is among the ${role === "given" ? "given" : "results"}, where it does not belong`);
      tensors.set(name, stored);
    }
  return writeSafetensors(tensors, metadata);
}
