/** What a weights file is for: the model, its classes and the preprocessing of images. It is read from the metadata, or else from the shapes. */
import { checkedConfig, type DeitConfig } from "../../model/config.ts";
import type { Shape } from "../../tensor/tensor.ts";
import { isRecord, parseJson } from "../strictJson.ts";

/** Thrown for a file that does not hold the weights of a DeiT. */
export class WeightsError extends Error {
  /** `WeightsError`. */
  override readonly name = "WeightsError";
}

/** How images are normalised: (pixel − mean)/std, channel by channel. */
export interface Preprocessing {
  /** The mean of pixels scaled to [0, 1], one value a channel. */
  readonly mean: readonly number[];
  /** The standard deviation of pixels scaled to [0, 1], one value a channel; each > 0. */
  readonly std: readonly number[];
}

/** The metadata of a weights file, with the same keys as its JSON. */
export interface About {
  /** The model's sizes. */
  readonly model: DeitConfig;
  /** Names of the classes, K of them; null: unknown. */
  readonly classes: readonly string[] | null;
  /** How images are normalised for it; null: unknown. */
  readonly preprocessing: Preprocessing | null;
}

const refuse = (reason: string): WeightsError => new WeightsError(`weights: metadata deit: ${reason}`);

function modelOf(value: unknown): DeitConfig {
  if (!isRecord(value)) throw refuse("model must be an object");
  const number = (field: string): number => {
    const n = value[field];
    if (typeof n !== "number") throw refuse(`model.${field} must be a number, got ${JSON.stringify(n)}`);
    return n;
  };
  const { distilled, position } = value;
  if (typeof distilled !== "boolean") throw refuse(`model.distilled must be true or false, got ${JSON.stringify(distilled)}`);
  if (position !== "learned" && position !== "fixed")
    throw refuse(`model.position must be "learned" or "fixed", got ${JSON.stringify(position)}`);
  return checkedConfig({
    imageSize: number("imageSize"),
    patchSize: number("patchSize"),
    channels: number("channels"),
    width: number("width"),
    depth: number("depth"),
    heads: number("heads"),
    mlpRatio: number("mlpRatio"),
    classes: number("classes"),
    distilled,
    layerNormEps: number("layerNormEps"),
    position,
  });
}

const isNumber = (value: unknown): value is number => typeof value === "number";
const isText = (value: unknown): value is string => typeof value === "string";

function listOf<T>(value: unknown, of: (item: unknown) => item is T, length: number, what: string): readonly T[] {
  if (!Array.isArray(value) || !value.every(of) || value.length !== length) throw refuse(`${what} must be a list of ${length}`);
  return value;
}

function preprocessingOf(value: unknown, channels: number): Preprocessing {
  if (!isRecord(value)) throw refuse("preprocessing must be an object");
  const { mean, std } = value;
  return { mean: listOf(mean, isNumber, channels, "preprocessing.mean"), std: listOf(std, isNumber, channels, "preprocessing.std") };
}

/**
 * Reads the JSON of the metadata.
 *
 * @throws WeightsError, JsonError, RangeError
 */
export function aboutOfText(text: string): About {
  const value = parseJson(text);
  if (!isRecord(value)) throw refuse("must be a JSON object");
  const model = modelOf(value["model"]);
  const { classes, preprocessing } = value;
  return {
    model,
    classes: classes === null ? null : listOf(classes, isText, model.classes, "classes"),
    preprocessing: preprocessing === null ? null : preprocessingOf(preprocessing, model.channels),
  };
}

/** The width of a head in every published model. */
const HEAD_WIDTH = 64;
const LAYER_NORM_EPS = 1e-6;

/** The number of heads that a published model of this width has; null if the width is no multiple of 64. */
export const usualHeads = (width: number): number | null => (width % HEAD_WIDTH === 0 ? width / HEAD_WIDTH : null);

/** The possible numbers of prefix tokens for which a position embedding has rows. */
const PREFIXES = [0, 1, 2];

const tokensText = (count: number): string => `${count} token${count === 1 ? "" : "s"}`;

/**
 * √N for a position embedding with this many rows, N of which belong to the patches.
 *
 * @throws WeightsError that says what the rows seem to be for
 */
function gridSide(rows: number, distilled: boolean): number {
  const own = distilled ? 2 : 1;
  const sideWith = (tokens: number): number | null => {
    const side = Math.sqrt(rows - tokens);
    return Number.isInteger(side) && side > 0 ? side : null;
  };
  const side = sideWith(own);
  if (side !== null) return side;
  const tokens = PREFIXES.find((count) => sideWith(count) !== null);
  if (tokens === undefined)
    throw new WeightsError(`weights: pos_embed must have a row for each of n × n patches and for ${tokensText(own)}, got ${rows} rows`);
  const [n, patches] = [sideWith(tokens), rows - tokens];
  const has = `weights: pos_embed has ${rows} row${rows === 1 ? "" : "s"}, for ${n} × ${n} patches`;
  const right = `${patches + own} rows would be right, as there is ${distilled ? "a class and a distillation token" : "a class token and no dist_token"}`;
  if (tokens > 0) throw new WeightsError(`${has} and ${tokensText(tokens)}; ${right}`);
  throw new WeightsError(
    `${has} only and not for the class token, as in DeiT III, which is another network than DeiT and cannot be read here; in a DeiT ${right}`,
  );
}

/**
 * The configuration that follows from the shapes of the tensors under timm's names. The number of heads does not follow from them.
 *
 * @throws WeightsError, RangeError
 */
export function configOfShapes(tensors: ReadonlyMap<string, { readonly shape: Shape }>, heads: number | null): DeitConfig {
  const length = (name: string, axis: number): number => {
    const found = tensors.get(name)?.shape[axis];
    if (found === undefined) throw new WeightsError(`weights: no metadata deit, and no tensor ${name} from which to infer the model`);
    return found;
  };
  const width = length("cls_token", 2);
  const distilled = tensors.has("dist_token");
  const patchSize = length("patch_embed.proj.weight", 2);
  const blocks = [...tensors.keys()].map((name) => /^blocks\.(\d+)\./.exec(name)?.[1]).filter((i) => i !== undefined);
  const known = heads ?? usualHeads(width);
  if (known === null)
    throw new WeightsError(`weights: no metadata deit, and width ${width} is no multiple of ${HEAD_WIDTH}: give the number of heads`);
  return checkedConfig({
    imageSize: gridSide(length("pos_embed", 1), distilled) * patchSize,
    patchSize,
    channels: length("patch_embed.proj.weight", 1),
    width,
    depth: new Set(blocks).size,
    heads: known,
    mlpRatio: length("blocks.0.mlp.fc1.weight", 0) / width,
    classes: length("head.weight", 0),
    distilled,
    layerNormEps: LAYER_NORM_EPS,
    position: "learned",
  });
}
