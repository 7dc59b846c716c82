/** Turns the options of `deit record` into what it computes: the configuration, the given tensors, and the names of the results. */
import { existsSync } from "node:fs";
import { evaluate, type HostArray, type Leaves } from "../../check/host.ts";
import { referenceEngine } from "../../engines/reference/engine.ts";
import { isRecord } from "../../io/strictJson.ts";
import { completeTensors } from "../../io/weights/weights.ts";
import type { Engine, Precision } from "../../kernels/engine.ts";
import type { DeitConfig } from "../../model/config.ts";
import { parameterShapes } from "../../model/params.ts";
import { chosenResults, type Choice, type ChosenKind } from "../../recording/format/chosenResults.ts";
import { readConfiguration, type Configuration } from "../../recording/format/configuration.ts";
import { givenOf } from "../../recording/format/draw.ts";
import type { RecordingRequest } from "../../recording/makeRecording.ts";
import { keyOf } from "../../tensor/key.ts";
import { show } from "../../tensor/tensor.ts";
import { changedJson, jsonOf, jsonOfModel, type JsonOptions } from "./recordJson.ts";
import { aboutFile } from "./aboutFile.ts";
import { imagesAt } from "./storedImages.ts";
import { version } from "../version.ts";
import { weightedModel } from "./weights.ts";

export interface RequestOptions extends JsonOptions, Partial<Readonly<Record<ChosenKind, Choice>>> {
  readonly weights?: string;
  readonly images?: string;
  readonly labels?: readonly number[];
  readonly store?: Precision;
  readonly seed: number;
}

const DEFAULT_RATE = 0.1;
const HASH = /^hash:(\d+)$/;

/** The model and, if known, where its weights are: from a name, from JSON, or from a file of weights, which determines both. */
function sourceOf(
  model: string,
  { weights }: RequestOptions,
): { readonly json: Readonly<Record<string, unknown>>; readonly weights?: string } {
  const ofFile = !model.endsWith(".json") && existsSync(model);
  if (ofFile) return { json: jsonOfModel(weightedModel(model, {}).config), weights: weights ?? model };
  return { json: jsonOf(model), ...(weights === undefined ? {} : { weights }) };
}

/** `hash:SEED` as it is written in the JSON; null: the source is a file. */
function hashOf(source: string): { readonly hash: number } | null {
  const [, seed] = HASH.exec(source) ?? [];
  return seed === undefined ? null : { hash: Number(seed) };
}

/** The JSON for images from this source, as many as before, or 2 if that is not known. */
function imagesJson(source: string, before: unknown): unknown {
  const hash = hashOf(source);
  return hash === null ? "stored" : { batch: 2, ...(isRecord(before) ? before : {}), ...hash };
}

/** The weights in a file, under their names in a recording. @throws RangeError if they do not fit the model */
async function storedWeights(path: string, model: DeitConfig): Promise<Leaves> {
  const { upload, config } = weightedModel(path, { heads: model.heads });
  if (config.heads !== model.heads) throw new RangeError(`${path}: its model has ${config.heads} heads, not ${model.heads}`);
  const leaves = await evaluate(referenceEngine(), upload);
  try {
    return new Map([...completeTensors(parameterShapes(model), leaves)].map(([name, array]) => [`weights/${name}`, array]));
  } catch (error) {
    throw aboutFile(path, error);
  }
}

function checkedImages(path: string, { channels, imageSize }: DeitConfig): HostArray {
  const images = imagesAt(path);
  const wanted = [images.shape[0] ?? 0, channels, imageSize, imageSize];
  if (show(images.shape) !== show(wanted))
    throw new RangeError(`${path}: images must be ${show(wanted)} for this model, got ${show(images.shape)}`);
  return images;
}

function checkedLabels(labels: readonly number[], { model, loss }: Configuration, batch: number): HostArray {
  if (loss?.target !== "labels") throw new RangeError("--labels needs --loss labels");
  if (labels.length !== batch) throw new RangeError(`--labels must have ${batch} classes, one for each image, got ${labels.length}`);
  const stray = labels.find((label) => label >= model.classes);
  if (stray !== undefined) throw new RangeError(`--labels must be classes in 0 … ${model.classes - 1}, got ${stray}`);
  return { shape: [batch], data: Float64Array.from(labels) };
}

/** @throws RangeError, RecordingError for options that do not fit together, or not the model */
export async function requestOf(engine: Engine, modelName: string, options: RequestOptions): Promise<RecordingRequest> {
  const { json, weights } = sourceOf(modelName, options);
  const { images, labels, seed, dropPath = DEFAULT_RATE, store = engine.precision } = options;
  const changed = changedJson(
    {
      ...json,
      producer: `deit ${version()}, ${engine.name} engine`,
      dtype: engine.precision === "f64" ? "float64" : "float32",
      ...(weights === undefined ? {} : { weights: hashOf(weights) ?? "stored" }),
      ...(images === undefined ? {} : { images: imagesJson(images, json["images"]) }),
    },
    options,
  );
  const configuration = readConfiguration(JSON.stringify(changed));
  const { model } = configuration;
  const known = new Map<string, HostArray>();
  if (configuration.weights === "stored") {
    if (weights === undefined) throw new RangeError('the JSON says that weights are "stored"; name their file with --weights FILE');
    for (const [name, array] of await storedWeights(weights, model)) known.set(name, array);
  }
  if (configuration.images === "stored") {
    if (images === undefined) throw new RangeError('the JSON says that images are "stored"; name their file with --images FILE');
    known.set("images", checkedImages(images, model));
  }
  const batch = configuration.images === "stored" ? (known.get("images")?.shape[0] ?? 0) : configuration.images.batch;
  if (options.batch !== undefined && options.batch !== batch)
    throw new RangeError(`--batch ${options.batch}: ${images ?? "the file"} has ${batch} images`);
  if (labels !== undefined) known.set("labels", checkedLabels(labels, configuration, batch));
  const { taps = "all", cotangents = "all", grads = "all", after = "all" } = options;
  return {
    configuration,
    batch,
    given: givenOf(configuration, batch, known, keyOf(seed), dropPath),
    names: chosenResults(configuration, batch, { taps, cotangents, grads, after }),
    store,
  };
}
