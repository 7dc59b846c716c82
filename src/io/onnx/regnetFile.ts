/** What a file says about a RegNetY: in the metadata `regnet` of this project's files, or else by the names and shapes of timm. */
import { isRecord, parseJson } from "../strictJson.ts";
import type { Safetensors } from "../safetensors/safetensors.ts";
import { completeTensors, WeightsError, type Preprocessing } from "../weights/weights.ts";
import { checkedRegnetConfig, regnetConfig, type RegnetConfig } from "../../teacher/config.ts";
import { regnetShapes } from "../../teacher/params.ts";
import type { Shape } from "../../tensor/tensor.ts";
import type { RegnetWeights } from "./writeRegnet.ts";

/** The metadata's key, which corresponds to `deit` in a DeiT's file. */
export const REGNET = "regnet";

const refuse = (reason: string): WeightsError => new WeightsError(`weights: metadata ${REGNET}: ${reason}`);

const isNumbers = (value: unknown): value is readonly number[] => Array.isArray(value) && value.every((one) => typeof one === "number");

function configOf(value: unknown): RegnetConfig {
  if (!isRecord(value)) throw refuse("model must be an object");
  const number = (field: string): number => {
    const n = value[field];
    if (typeof n !== "number") throw refuse(`model.${field} must be a number, got ${JSON.stringify(n)}`);
    return n;
  };
  const { widths, depths } = value;
  if (!isNumbers(widths) || !isNumbers(depths)) throw refuse("model.widths and model.depths must be lists of numbers");
  return checkedRegnetConfig({
    channels: number("channels"),
    stem: number("stem"),
    widths,
    depths,
    groupWidth: number("groupWidth"),
    seRatio: number("seRatio"),
    classes: number("classes"),
    batchNormEps: number("batchNormEps"),
  });
}

function preprocessingOf(value: unknown, channels: number): Preprocessing | null {
  if (value === null || value === undefined) return null;
  if (!isRecord(value)) throw refuse("preprocessing must be an object");
  const { mean, std } = value;
  if (!isNumbers(mean) || !isNumbers(std) || mean.length !== channels || std.length !== channels)
    throw refuse(`preprocessing must have a mean and a std of ${channels} numbers`);
  return { mean, std };
}

/** Names of the classes; null: unknown. */
function classesOf(value: unknown, count: number): readonly string[] | null {
  if (value === null || value === undefined) return null;
  if (!Array.isArray(value) || value.length !== count || !value.every((one) => typeof one === "string"))
    throw refuse(`classes must be a list of ${count} texts`);
  return value;
}

/** What the metadata say. @throws WeightsError, JsonError, RangeError */
export function regnetAbout(text: string): Omit<RegnetWeights, "tensors"> {
  const value = parseJson(text);
  if (!isRecord(value)) throw refuse("must be a JSON object");
  const config = configOf(value["model"]);
  const { imageSize, classes, preprocessing } = value;
  return {
    config,
    classes: classesOf(classes, config.classes),
    preprocessing: preprocessingOf(preprocessing, config.channels),
    imageSize: typeof imageSize === "number" ? imageSize : null,
  };
}

/** The metadata of a file. */
export const regnetMetadata = ({ config: model, ...about }: Omit<RegnetWeights, "tensors">): ReadonlyMap<string, string> =>
  new Map([[REGNET, JSON.stringify({ model, ...about })]]);

/** The squeezed width and ε of every published network, which follow from no shape. */
const { seRatio, batchNormEps } = regnetConfig("regnety-4gf");

/** The configuration that follows from timm's names and shapes. @throws WeightsError, RangeError */
export function regnetOfShapes(tensors: ReadonlyMap<string, { readonly shape: Shape }>): RegnetConfig {
  const length = (name: string, axis: number): number => {
    const found = tensors.get(name)?.shape[axis];
    if (found === undefined) throw new WeightsError(`weights: no metadata ${REGNET}, and no tensor ${name} from which to infer the model`);
    return found;
  };
  const names = [...tensors.keys()];
  const most = (pattern: RegExp): number => Math.max(1, ...names.map((name) => Number(pattern.exec(name)?.[1] ?? 0)));
  const stages = Array.from({ length: most(/^s(\d+)\./) }, (_, i) => i + 1);
  return checkedRegnetConfig({
    channels: length("stem.conv.weight", 1),
    stem: length("stem.conv.weight", 0),
    widths: stages.map((s) => length(`s${s}.b1.conv1.conv.weight`, 0)),
    depths: stages.map((s) => most(new RegExp(`^s${s}\\.b(\\d+)\\.`))),
    groupWidth: length("s1.b1.conv2.conv.weight", 1),
    seRatio,
    classes: length("head.fc.bias", 0),
    batchNormEps,
  });
}

/** Whether these are the tensors of a RegNetY, perhaps an incomplete one. */
export const isRegnet = ({ metadata, tensors }: Safetensors): boolean => metadata.has(REGNET) || tensors.has("s1.b1.conv1.conv.weight");

/**
 * The RegNetY of a file.
 *
 * @throws WeightsError unless its tensors are exactly the parameters and buffers of one; JsonError, RangeError
 */
export function regnetWeights({ metadata, tensors }: Safetensors): RegnetWeights {
  const text = metadata.get(REGNET);
  const about =
    text === undefined ? { config: regnetOfShapes(tensors), classes: null, preprocessing: null, imageSize: null } : regnetAbout(text);
  const shapes = new Map([...regnetShapes(about.config)].map(([name, { shape }]) => [name, shape]));
  return { ...about, tensors: completeTensors(shapes, tensors) };
}
