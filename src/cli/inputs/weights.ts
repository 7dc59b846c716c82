/** Opens the weights that commands take: a run's folder, a file of weights in any naming, or the hash of a seed. */
import { assumedNormalisation, type Normalisation } from "../../data/normalise.ts";
import { isRegnet } from "../../io/onnx/regnetFile.ts";
import type { Safetensors } from "../../io/safetensors/safetensors.ts";
import type { Stored } from "../../io/weights/stored.ts";
import { unwrapped } from "../../io/weights/names.ts";
import { metadataOf, uploadWeights, weightsIn, WeightsError } from "../../io/weights/weights.ts";
import { foundWeights, withTensorsAt, type FoundWeights } from "../../io/weights/weightsFile.ts";
import type { Kernels } from "../../kernels/kernels.ts";
import type { DeitConfig } from "../../model/config.ts";
import type { DeitParams } from "../../model/deit.ts";
import { buildParams, parameterShapes } from "../../model/params.ts";
import { resizedPositions, type PositionMethod } from "../../model/resizedPositions.ts";
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
  /** How the position embedding of a file is resized; default: `bicubic`. */
  readonly positions?: PositionMethod;
  /** The moving average of a run or of a training checkpoint instead of its weights. */
  readonly ema?: true;
}

/** A model with its weights. */
export interface WeightedModel {
  readonly config: DeitConfig;
  readonly preprocessing: Normalisation;
  /** The names of the classes; null: the weights do not say. */
  readonly classes: readonly string[] | null;
  readonly upload: (k: Kernels) => DeitParams;
}

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

/** The file of weights that a command takes, or that of a finished run. */
export const fileOf = (runOrFile: string, { ema = false }: { readonly ema?: boolean }): FoundWeights =>
  foundWeights(runOrFile, "a run's folder, a file (.safetensors, .npz, .pth), or hash:SEED", { average: ema });

/** @throws RangeError for --model together with a weights file, which determines its model, and for --ema or --positions together with a hash */
function checkOptions(source: string, { model, ema, positions }: WeightsOptions): void {
  const isHash = source.startsWith(HASH);
  if (!isHash && model !== undefined) throw new RangeError(`--model ${model} goes with hash:SEED; a weights file determines its model`);
  if (isHash && ema === true) throw new RangeError(`--ema goes with a run's folder or a training checkpoint (.pth), not with ${source}`);
  if (isHash && positions !== undefined)
    throw new RangeError(`--positions ${positions} goes with a run's folder or a file; ${source} generates the positions of each size`);
}

/**
 * Reads the tensors under the names that they have.
 *
 * @throws RangeError for a file that is missing, damaged or does not fit
 */
export function tensorsAt(source: string, options: WeightsOptions): Safetensors {
  checkOptions(source, options);
  if (!source.startsWith(HASH)) return withTensorsAt(fileOf(source, options), (file) => file);
  const { config, seed } = hashedModel(source, options);
  const stored = (name: string, shape: Shape): Stored => ({ dtype: "F32", shape, data: Float32Array.from(hashed(name, shape, seed).data) });
  const tensors = new Map([...parameterShapes(config)].map(([name, shape]) => [name, stored(name, shape)]));
  return { metadata: metadataOf({ config, classes: null, preprocessing: null }), tensors };
}

/** The model for images of another size, for which only the position embedding changes. */
function resizedModel(model: WeightedModel, imageSize: number | undefined, method: PositionMethod | undefined): WeightedModel {
  const config = resizedConfig(model.config, imageSize);
  const upload = (k: Kernels): DeitParams => {
    const params = model.upload(k);
    const { pos_embed: pos } = params;
    if (pos === null || config.imageSize === model.config.imageSize) return params;
    const resized = resizedPositions(k, pos, model.config, config, method);
    k.donate(pos);
    return { ...params, pos_embed: resized };
  };
  return { ...model, config, upload };
}

/** A model with its weights, for images of a size; undefined: that of the weights. @throws RangeError unless it is a multiple of the patch */
export type ModelOfSize = (imageSize: number | undefined) => WeightedModel;

/** Whether these are the weights of a RegNetY, with or without a wrapper's prefix. */
export const isRegnetFile = ({ metadata, tensors }: Safetensors): boolean => isRegnet({ metadata, tensors: unwrapped(tensors) });

/** The DeiT in a file. @throws WeightsError, for a RegNetY as well; RangeError for a method to resize positions that are fixed */
export function deitIn(file: Safetensors, { heads, positions }: Pick<WeightsOptions, "heads" | "positions">): ModelOfSize {
  if (isRegnetFile(file)) throw new WeightsError("weights: they are a RegNetY's; a DeiT's would be right");
  const weights = weightsIn(file, { heads: heads ?? null });
  const { config, preprocessing, classes } = weights;
  if (positions !== undefined && config.position === "fixed")
    throw new RangeError(`--positions ${positions}: the positions of this model are fixed, and computed for each size instead of resized`);
  const stored = {
    config,
    preprocessing: preprocessing ?? assumedNormalisation(config),
    classes,
    upload: (k: Kernels) => uploadWeights(k, weights),
  };
  return (imageSize) => resizedModel(stored, imageSize, positions);
}

/** The DeiT of a hash. */
const deitOfHash =
  (source: string, options: Omit<WeightsOptions, "imageSize">): ModelOfSize =>
  (imageSize) => {
    const { config, seed } = hashedModel(source, { ...options, ...(imageSize !== undefined && { imageSize }) });
    const upload = (k: Kernels): DeitParams => buildParams(config, (name, shape) => k.upload(shape, hashed(name, shape, seed).data));
    return { config, preprocessing: assumedNormalisation(config), classes: null, upload };
  };

/**
 * Opens weights once.
 *
 * @param ofHash makes what is wanted of the DeiT of a hash
 * @param ofFile makes it of a file, which need not hold a DeiT
 * @throws RangeError for a file that is missing or damaged, or that `ofFile` refuses
 */
export function openedBy<T>(
  source: string,
  options: Omit<WeightsOptions, "imageSize">,
  ofHash: (model: ModelOfSize) => T,
  ofFile: (file: Safetensors) => T,
): T {
  checkOptions(source, options);
  return source.startsWith(HASH) ? ofHash(deitOfHash(source, options)) : withTensorsAt(fileOf(source, options), ofFile);
}

/**
 * Opens weights once, for a model on images of any size.
 *
 * @throws RangeError for a file that is missing, damaged or does not fit
 */
export const openedWeights = (source: string, options: Omit<WeightsOptions, "imageSize">): ModelOfSize =>
  openedBy(
    source,
    options,
    (model) => model,
    (file) => deitIn(file, options),
  );

/**
 * Opens a model with its weights.
 *
 * @throws RangeError for a file that is missing, damaged or does not fit
 */
export const weightedModel = (source: string, options: WeightsOptions): WeightedModel => openedWeights(source, options)(options.imageSize);
