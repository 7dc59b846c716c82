/** Writes a recording as the bytes of a file: the inverse of `read.ts`, and as strict (recording format, section 1). */
import type { HostArray } from "../../check/host.ts";
import { writeSafetensors, type Dtype, type Planned, type Stored } from "../../io/safetensors/safetensors.ts";
import { readConfiguration, type Configuration } from "./configuration.ts";
import { RecordingError } from "./fields.ts";
import { checkGiven, checkTensor, FORMAT, VERSION, type Recording } from "./read.ts";
import { tensorSpecsOf, type TensorSpec } from "./tensorSpecs.ts";

/** The JSON text of section 2, from which `readConfiguration` reads the same configuration. */
function configurationText({ model: { position, ...model }, ...configuration }: Configuration): string {
  if (position !== "learned")
    throw new RecordingError(`model.position must be "learned", the only kind that the format has, got "${position}"`);
  const { producer, dtype, weights, images, dropPath, loss, optimizer } = configuration;
  const text = JSON.stringify({ producer, dtype, model, weights, images, dropPath, loss, optimizer });
  readConfiguration(text); // what cannot be read is not written
  return text;
}

/** A tensor of the file, before its values are read. */
export interface PlannedTensor extends Planned {
  readonly spec: TensorSpec;
}

/** The tensors of the file, the given ones first, and its metadata. */
export interface Plan {
  readonly tensors: ReadonlyMap<string, PlannedTensor>;
  readonly metadata: ReadonlyMap<string, string>;
}

/** Plans the file. @throws RecordingError for what `readRecording` would refuse; no tensor but the labels is read for this */
export function planOf({ configuration, batch, given, results, rounded }: Recording): Plan {
  const metadata = new Map([["format", FORMAT], ["version", VERSION], ["recording", configurationText(configuration)]]); // prettier-ignore
  const { images, model } = configuration;
  if (images !== "stored" && images.batch !== batch)
    throw new RecordingError(`images.batch must be the batch ${batch}, got ${images.batch}`);
  const specs = tensorSpecsOf(configuration, batch);
  const dtypeOf = (name: string, spec: TensorSpec | undefined): Dtype =>
    spec?.labels === true ? "I64" : rounded.has(name) ? "F32" : "F64";
  const planned = (name: string, role: TensorSpec["role"]): [string, PlannedTensor] => {
    const spec = specs.get(name);
    const plan = { dtype: dtypeOf(name, spec), shape: spec?.shape ?? [] };
    checkTensor(name, plan, spec);
    if (spec.role === role) return [name, { ...plan, spec }];
    throw new RecordingError(`tensor ${name} is among the ${role === "given" ? "given tensors" : "results"}, where it does not belong`);
  };
  const tensors = [
    ...[...given.keys()].map((name) => planned(name, "given")),
    ...[...results.keys()].map((name) => planned(name, "result")),
  ];
  checkGiven(specs, given, model.classes);
  return { tensors: new Map(tensors), metadata };
}

function labelsOf(name: string, { shape, data }: HostArray): Stored {
  const stray = data.find((label) => !Number.isInteger(label));
  if (stray !== undefined) throw new RecordingError(`tensor ${name} must hold class numbers, got ${stray}`);
  return { dtype: "I64", shape, data: BigInt64Array.from(data, BigInt) };
}

/** A tensor in its planned dtype. */
export function storedOf({ given, results }: Recording, name: string, { dtype, shape, spec }: PlannedTensor): Stored {
  const array = (spec.role === "given" ? given : results).get(name);
  if (array === undefined) throw new RecordingError(`no tensor ${name}`);
  checkTensor(name, { dtype, shape: array.shape }, spec);
  if (dtype === "I64") return labelsOf(name, array);
  return dtype === "F32" ? { dtype, shape, data: Float32Array.from(array.data) } : { dtype: "F64", shape, data: array.data };
}

/**
 * The bytes of a recording's file, given tensors first. Equal recordings give equal bytes. `readRecording` gives the recording back, with the tensors
 * named in `rounded` rounded to f32.
 *
 * @throws RecordingError for what `readRecording` would refuse
 */
export function writeRecording(recording: Recording): Uint8Array {
  const { tensors, metadata } = planOf(recording);
  return writeSafetensors(new Map([...tensors].map(([name, planned]) => [name, storedOf(recording, name, planned)])), metadata);
}
