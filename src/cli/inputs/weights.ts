/** Opens the weights that commands take: a run's folder, a file of weights in any naming, or the hash of a seed. */
import type { Normalisation } from "../../data/normalise.ts";
import type { Safetensors } from "../../io/safetensors/safetensors.ts";
import type { Stored } from "../../io/weights/stored.ts";
import type { ReadOptions } from "../../io/weights/tensorFile.ts";
import { metadataOf, uploadWeights, weightsIn } from "../../io/weights/weights.ts";
import { weightsPath, withTensorsAt } from "../../io/weights/weightsFile.ts";
import type { Kernels } from "../../kernels/kernels.ts";
import { prefixCount, type DeitConfig } from "../../model/config.ts";
import type { DeitParams } from "../../model/deit.ts";
import { buildParams, parameterShapes } from "../../model/params.ts";
import { positionResize, type Grid } from "../../ops/positionResize.ts";
import { hashed } from "../../recording/format/hash.ts";
import type { Shape } from "../../tensor/tensor.ts";
import { modelNamed, resizedConfig } from "./models.ts";

/** Options of commands that take weights. */
export interface WeightsOptions {
  /** The model of weights from a hash. */
  readonly model?: string;
  /** The number of heads, for a file that does not say it. */
  readonly heads?: number;
  /** The side of the images in pixels; default: that of the weights. Weights from a hash are generated for it; the position embedding of others is resized. */
  readonly imageSize?: number;
}

/** A model with its weights. */
export interface WeightedModel {
  readonly config: DeitConfig;
  readonly preprocessing: Normalisation;
  /** The names of the classes; null: the weights do not say. */
  readonly classes: readonly string[] | null;
  readonly upload: (k: Kernels) => DeitParams;
}

/** ImageNet's statistics, for pixels in [0, 1] (deit.md 7.6). */
export const IMAGENET: Normalisation = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };

/** The default: ImageNet's statistics for colour images, no normalisation for others. */
const assumed = ({ channels }: DeitConfig): Normalisation =>
  channels === 3 ? IMAGENET : { mean: Array.from({ length: channels }, () => 0), std: Array.from({ length: channels }, () => 1) };

/** A DeiT whose weights are hashes of their names and a seed. */
interface HashedModel {
  readonly config: DeitConfig;
  readonly seed: number;
}

export const HASH = "hash:";

function hashedModel(source: string, { model, imageSize }: WeightsOptions): HashedModel {
  const text = source.slice(HASH.length);
  const seed = Number(text);
  if (!/^\d+$/.test(text) || seed >= 2 ** 32) throw new RangeError(`hash:SEED needs an integer of 0 … 2^32 - 1, got "${text}"`);
  if (model === undefined) throw new RangeError(`hash:${text} needs --model, such as --model deit-tiny-distilled`);
  const named = modelNamed(model, imageSize);
  if (named.kind !== "deit") throw new RangeError(`hash:${text} generates the weights of a DeiT, not of ${model}`);
  return { config: named.config, seed };
}

/** The path of a file of weights, or of a finished run's weights. */
export const pathOf = (runOrFile: string): string =>
  weightsPath(runOrFile, "a run's folder, a file (.safetensors, .npz, .pth), or hash:SEED");

/** @throws RangeError for --model together with a weights file, which determines its model */
function noModel(source: string, model: string | undefined): void {
  if (!source.startsWith(HASH) && model !== undefined)
    throw new RangeError(`--model ${model} goes with hash:SEED; a weights file determines its model`);
}

const withFile = <T>(source: string, options: ReadOptions, use: (file: Safetensors) => T): T => withTensorsAt(pathOf(source), options, use);

/**
 * Reads the tensors under the names that they have.
 *
 * @throws RangeError for a file that is missing, damaged or does not fit
 */
export function tensorsAt(source: string, options: WeightsOptions & ReadOptions): Safetensors {
  const { model, average } = options;
  noModel(source, model);
  if (!source.startsWith(HASH)) return withFile(source, average === true ? { average } : {}, (file) => file);
  if (average === true) throw new RangeError(`--ema goes with a training checkpoint (.pth), not with ${source}`);
  const { config, seed } = hashedModel(source, options);
  const stored = (name: string, shape: Shape): Stored => ({ dtype: "F32", shape, data: Float32Array.from(hashed(name, shape, seed).data) });
  const tensors = new Map([...parameterShapes(config)].map(([name, shape]) => [name, stored(name, shape)]));
  return { metadata: metadataOf({ config, classes: null, preprocessing: null }), tensors };
}

/** The model for images of another size, for which only the position embedding changes (E16, E17). */
function resizedModel(model: WeightedModel, imageSize: number | undefined): WeightedModel {
  const config = resizedConfig(model.config, imageSize);
  const gridOf = ({ imageSize: S, patchSize: p }: DeitConfig): Grid => [S / p, S / p];
  const upload = (k: Kernels): DeitParams => {
    const params = model.upload(k);
    const { pos_embed: pos } = params;
    if (pos === null || config.imageSize === model.config.imageSize) return params;
    const resized = positionResize.forward(k, { pos }, { from: gridOf(model.config), to: gridOf(config), prefix: prefixCount(config) });
    k.donate([pos, resized.saved]);
    return { ...params, pos_embed: resized.out };
  };
  return { ...model, config, upload };
}

/**
 * Opens a model with its weights.
 *
 * @throws RangeError for a file that is missing, damaged or does not fit
 */
export function weightedModel(source: string, options: WeightsOptions): WeightedModel {
  const { model, heads, imageSize } = options;
  noModel(source, model);
  if (source.startsWith(HASH)) {
    const { config, seed } = hashedModel(source, options);
    const upload = (k: Kernels): DeitParams => buildParams(config, (name, shape) => k.upload(shape, hashed(name, shape, seed).data));
    return { config, preprocessing: assumed(config), classes: null, upload };
  }
  return withFile(source, {}, (file) => {
    const weights = weightsIn(file, { heads: heads ?? null });
    const { config, preprocessing, classes } = weights;
    const stored = { config, preprocessing: preprocessing ?? assumed(config), classes, upload: (k: Kernels) => uploadWeights(k, weights) };
    return resizedModel(stored, imageSize);
  });
}
