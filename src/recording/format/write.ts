/** A recording as a file: the inverse of `read.ts`, and as strict (recording format, section 1). */
import type { HostArray } from "../../check/host.ts";
import { writeSafetensors, type Dtype, type Planned, type Stored } from "../../io/safetensors/safetensors.ts";
import { readConfiguration, type Configuration } from "./configuration.ts";
import { RecordingError } from "./fields.ts";
import { checkGiven, checkTensor, FORMAT, VERSION, type Recording } from "./read.ts";
import { slotsOf, type Slot } from "./slots.ts";

/** The JSON text of section 2; `readConfiguration` reads the same configuration from it. */
function configurationText({ model: { position, ...model }, ...configuration }: Configuration): string {
  if (position !== "learned")
    throw new RecordingError(`model.position must be "learned", the only one that a file can say, got "${position}"`);
  const { producer, dtype, weights, images, dropPath, loss, optimizer } = configuration;
  const text = JSON.stringify({ producer, dtype, model, weights, images, dropPath, loss, optimizer });
  readConfiguration(text); // what cannot be read is not written
  return text;
}

export interface PlannedTensor extends Planned {
  readonly slot: Slot;
}

/** What each tensor of the file is going to be, given ones first, and the text table. */
export interface Plan {
  readonly tensors: ReadonlyMap<string, PlannedTensor>;
  readonly metadata: ReadonlyMap<string, string>;
}

/** @throws RecordingError for what `readRecording` would refuse, before any tensor but the labels is asked for */
export function planOf({ configuration, batch, given, results, rounded }: Recording): Plan {
  const metadata = new Map([["format", FORMAT], ["version", VERSION], ["recording", configurationText(configuration)]]); // prettier-ignore
  const { images, model } = configuration;
  if (images !== "stored" && images.batch !== batch)
    throw new RecordingError(`images.batch must be the batch ${batch}, got ${images.batch}`);
  const slots = slotsOf(configuration, batch);
  const dtypeOf = (name: string, slot: Slot | undefined): Dtype => (slot?.labels === true ? "I64" : rounded.has(name) ? "F32" : "F64");
  const planned = (name: string, role: Slot["role"]): [string, PlannedTensor] => {
    const slot = slots.get(name);
    const plan = { dtype: dtypeOf(name, slot), shape: slot?.shape ?? [] };
    checkTensor(name, plan, slot);
    if (slot.role === role) return [name, { ...plan, slot }];
    throw new RecordingError(`tensor ${name} is among the ${role === "given" ? "given" : "results"}, where it does not belong`);
  };
  const tensors = [
    ...[...given.keys()].map((name) => planned(name, "given")),
    ...[...results.keys()].map((name) => planned(name, "result")),
  ];
  checkGiven(slots, given, model.classes);
  return { tensors: new Map(tensors), metadata };
}

function labelsOf(name: string, { shape, data }: HostArray): Stored {
  const stray = data.find((label) => !Number.isInteger(label));
  if (stray !== undefined) throw new RecordingError(`tensor ${name} must hold class numbers, got ${stray}`);
  return { dtype: "I64", shape, data: BigInt64Array.from(data, BigInt) };
}

/** A tensor in the dtype that is planned. */
export function storedOf({ given, results }: Recording, name: string, { dtype, shape, slot }: PlannedTensor): Stored {
  const array = (slot.role === "given" ? given : results).get(name);
  if (array === undefined) throw new RecordingError(`no tensor ${name}`);
  checkTensor(name, { dtype, shape: array.shape }, slot);
  if (dtype === "I64") return labelsOf(name, array);
  return dtype === "F32" ? { dtype, shape, data: Float32Array.from(array.data) } : { dtype: "F64", shape, data: array.data };
}

/**
 * The file of a recording, given tensors first; equal recordings give equal bytes. Reading it gives the recording again, with the tensors
 * of `rounded` rounded to f32.
 *
 * @throws RecordingError for what `readRecording` would refuse
 */
export function writeRecording(recording: Recording): Uint8Array {
  const { tensors, metadata } = planOf(recording);
  return writeSafetensors(new Map([...tensors].map(([name, planned]) => [name, storedOf(recording, name, planned)])), metadata);
}
