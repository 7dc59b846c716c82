/**
 * `weights.safetensors`: the parameters of a DeiT under timm's names and in timm's order (deit.md 5.1). The metadata `deit` is JSON with the model,
 * the class names and the preprocessing. The file holds no times, paths or thread counts, so equal runs write equal files.
 */
import type { Kernels } from "../../kernels/kernels.ts";
import type { DeitConfig } from "../../model/config.ts";
import type { DeitParams } from "../../model/deit.ts";
import { buildParams, parameterShapes, type HeadOptions } from "../../model/params.ts";
import { show, type Shape } from "../../tensor/tensor.ts";
import { aboutOfText, configOfShapes, WeightsError, type About } from "./about.ts";
import { isHuggingFace, timmNamed, unwrapped } from "./names.ts";
import { numbersOf, parseSafetensors, writeSafetensors, type Safetensors, type Stored } from "../safetensors/safetensors.ts";

export { WeightsError, type Preprocessing } from "./about.ts";

/** The metadata's key. */
export const ABOUT = "deit";

/** The parameters of a DeiT, and what they are for. */
export interface Weights {
  /** The model's sizes. */
  readonly config: DeitConfig;
  /** Names of the classes; null if the file does not say. */
  readonly classes: readonly string[] | null;
  /** How images are normalised; null if the file does not say. */
  readonly preprocessing: About["preprocessing"];
  /** In timm's order. */
  readonly tensors: ReadonlyMap<string, Stored>;
}

/**
 * Checks that the tensors are exactly those of a model, and puts them in the order of `shapes`.
 *
 * @throws WeightsError naming a tensor that is missing, unknown or of another shape
 */
export function completeTensors<T extends { readonly shape: Shape }>(
  shapes: ReadonlyMap<string, Shape>,
  tensors: ReadonlyMap<string, T>,
): ReadonlyMap<string, T> {
  for (const name of tensors.keys()) if (!shapes.has(name)) throw new WeightsError(`weights: ${name} is no parameter of this model`);
  const ordered = new Map<string, T>();
  for (const [name, shape] of shapes) {
    const found = tensors.get(name);
    if (found === undefined) throw new WeightsError(`weights: nothing named ${name}`);
    if (show(found.shape) !== show(shape)) throw new WeightsError(`weights: ${name} must be ${show(shape)}, got ${show(found.shape)}`);
    ordered.set(name, found);
  }
  return ordered;
}

/** Which heads a file has: a distilled model may come without its distillation head (deit.md 5.2). */
export const headsOf = (tensors: ReadonlyMap<string, unknown>): HeadOptions => ({
  distillationHead: [...tensors.keys()].some((name) => name.startsWith("head_dist.")),
});

/** The metadata of a weights file. */
export function metadataOf({ config, classes, preprocessing }: Omit<Weights, "tensors">): ReadonlyMap<string, string> {
  const about: About = { model: config, classes, preprocessing };
  return new Map([[ABOUT, JSON.stringify(about)]]);
}

/**
 * The bytes of a weights file; equal arguments give equal bytes.
 *
 * @throws WeightsError unless the tensors are those of the configuration
 */
export const writeWeights = ({ tensors, ...about }: Weights): Uint8Array =>
  writeSafetensors(completeTensors(parameterShapes(about.config, headsOf(tensors)), tensors), metadataOf(about));

/** How to interpret a weights file. */
export interface WeightsOptions {
  /** The number of heads, if the file does not say; null: heads of width 64. */
  readonly heads?: number | null;
}

/**
 * The weights of a DeiT in a file, under timm's names or Hugging Face's, with or without a wrapper's prefix. The configuration comes from the
 * metadata, or else from the shapes.
 *
 * @throws WeightsError
 */
export function weightsIn({ metadata, tensors: named }: Safetensors, { heads = null }: WeightsOptions = {}): Weights {
  const plain = unwrapped(named);
  const tensors = isHuggingFace(plain) ? timmNamed(plain) : plain;
  const text = metadata.get(ABOUT);
  const about = text === undefined ? { model: configOfShapes(tensors, heads), classes: null, preprocessing: null } : aboutOfText(text);
  const { model: config, classes, preprocessing } = about;
  return { config, classes, preprocessing, tensors: completeTensors(parameterShapes(config, headsOf(tensors)), tensors) };
}

/**
 * Reads a safetensors file of weights.
 *
 * @throws SafetensorsError, WeightsError
 */
export const readWeights = (bytes: Uint8Array, options: { readonly heads?: number | null } = {}): Weights =>
  weightsIn(parseSafetensors(bytes), options);

/** Uploads the parameters to an engine; `head_dist` is null if the weights have no distillation head. */
export const uploadWeights = (k: Kernels, { config, tensors }: Pick<Weights, "config" | "tensors">): DeitParams =>
  buildParams(
    config,
    (name, shape) => {
      const stored = tensors.get(name);
      if (stored === undefined) throw new WeightsError(`weights: nothing named ${name}`);
      return k.upload(shape, numbersOf(stored));
    },
    headsOf(tensors),
  );
