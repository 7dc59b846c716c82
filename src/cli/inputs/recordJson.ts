/** Builds the JSON of the recording that `deit record` makes: from a file, or from a model and defaults, with the changes that options ask for. */
import { readFileSync } from "node:fs";
import type { DeitConfig } from "../../model/config.ts";
import { isRecord, parseJson } from "../../io/strictJson.ts";
import { aboutFile } from "./aboutFile.ts";
import { modelNamed } from "./models.ts";
import { changeOf, merged } from "../../recipe/text.ts";

type Json = Readonly<Record<string, unknown>>;

export interface JsonOptions {
  readonly batch?: number;
  readonly imageSize?: number;
  readonly loss?: "none" | "labels" | "distribution";
  readonly distillation?: "none" | "hard" | "soft";
  readonly optimizer?: "none" | "adamw" | "sgd";
  readonly lr?: readonly number[];
  readonly dropPath?: number;
  readonly set?: readonly string[];
}

/** The defaults: the authors' recipe (deit.md 7.1), with one step. */
const losses = {
  labels: { target: "labels", smoothing: 0.1, smoothingMass: "all", distillation: null },
  distribution: { target: "distribution", distillation: null },
} as const;
const distillations = {
  hard: { kind: "hard", alpha: 0.5 },
  soft: { kind: "soft", lambda: 0.1, tau: 3, divideBy: "batch" },
} as const;
const optimizers = {
  adamw: { kind: "adamw", lr: [5e-4], beta1: 0.9, beta2: 0.999, eps: 1e-8, weightDecay: 0.05, noDecay: "deit" },
  sgd: { kind: "sgd", lr: [1e-2], momentum: 0.9, nesterov: true, weightDecay: 1e-4, noDecay: "deit" },
} as const;

const HASHED = { weights: { hash: 0 }, images: { hash: 0, batch: 2 } };

/** The JSON of a forward pass of this model, with weights and images that are generated from a hash. */
export function jsonOfModel({ position: _position, ...model }: DeitConfig): Json {
  return { model, ...HASHED, dropPath: false, loss: null, optimizer: null };
}

/** @throws RangeError for a file that is not a JSON object */
function jsonAt(path: string): Json {
  try {
    const json = parseJson(readFileSync(path, "utf8"));
    if (isRecord(json)) return json;
  } catch (error) {
    throw aboutFile(path, error);
  }
  throw new RangeError(`${path}: it must hold one JSON object, the JSON of a recording`);
}

/** The JSON for a model by name, or from a JSON file. @throws RangeError for an unknown name, or a network that is not a DeiT */
export function jsonOf(model: string): Json {
  if (model.endsWith(".json")) return jsonAt(model);
  const named = modelNamed(model);
  if (named.kind !== "deit") throw new RangeError(`a recording is made of a DeiT, not of ${model}; deit-tiny-distilled would be right`);
  return jsonOfModel(named.config);
}

function lossOf(base: Json, { loss, distillation }: JsonOptions): unknown {
  const old = loss === undefined ? base["loss"] : loss === "none" ? null : losses[loss];
  if (distillation === undefined) return old;
  const own = isRecord(old) ? old : losses.labels;
  if (distillation === "none") return { ...own, distillation: null };
  const { model } = base;
  const student = isRecord(model) && model["distilled"] === true ? "distillation" : "class";
  return { ...own, distillation: { ...distillations[distillation], student } };
}

function optimizerOf(base: Json, { optimizer, lr }: JsonOptions): unknown {
  const old = optimizer === undefined ? base["optimizer"] : optimizer === "none" ? null : optimizers[optimizer];
  if (lr === undefined) return old;
  return { ...(isRecord(old) ? old : optimizers.adamw), lr };
}

/**
 * The JSON with the changes that the options ask for, those of `--set` last.
 *
 * @throws RangeError for a `--set` that is not key=value
 */
export function changedJson(base: Json, options: JsonOptions): Json {
  const { batch, imageSize, dropPath, set = [] } = options;
  const optimizer = optimizerOf(base, options);
  const own = {
    ...base,
    loss: lossOf(base, options) ?? (optimizer === null || options.loss === "none" ? null : losses.labels),
    optimizer,
    dropPath: dropPath === undefined ? base["dropPath"] : dropPath > 0,
    ...(batch === undefined || !isRecord(base["images"]) ? {} : { images: { ...base["images"], batch } }),
    ...(imageSize === undefined || !isRecord(base["model"]) ? {} : { model: { ...base["model"], imageSize } }),
  };
  return set.map(changeOf).reduce<Json>(merged, own);
}
