/** What a file says about a RegNetY: in the metadata `regnet` of this project's files, or else by the names and shapes of timm. */
import { isRecord, parseJson } from "../../io/strictJson.ts";
import type { Normalisation } from "../../data/normalise.ts";
import type { Safetensors } from "../../io/safetensors/safetensors.ts";
import { completeTensors, WeightsError } from "../../io/weights/weights.ts";
import { checkedRegnetConfig, regnetConfig, type RegnetConfig } from "../../teacher/config.ts";
import { regnetShapes } from "../../teacher/params.ts";
import { regnetNetwork, type About, type Network } from "./network.ts";

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

function normalisationOf(value: unknown, channels: number): Normalisation | null {
  if (value === null || value === undefined) return null;
  if (!isRecord(value)) throw refuse("preprocessing must be an object");
  const { mean, std } = value;
  if (!isNumbers(mean) || !isNumbers(std) || mean.length !== channels || std.length !== channels)
    throw refuse(`preprocessing must have a mean and a std of ${channels} numbers`);
  return { mean, std };
}

/** What the metadata say. @throws WeightsError, JsonError, RangeError */
export function regnetAbout(text: string): { readonly config: RegnetConfig } & About {
  const value = parseJson(text);
  if (!isRecord(value)) throw refuse("must be a JSON object");
  const config = configOf(value["model"]);
  const { imageSize } = value;
  return {
    config,
    normalisation: normalisationOf(value["preprocessing"], config.channels),
    side: typeof imageSize === "number" ? imageSize : null,
  };
}

/** The squeezed width and ε of every published network, which follow from no shape. */
const { seRatio: SE_RATIO, batchNormEps: EPS } = regnetConfig("regnety-4gf");

/** The configuration that follows from timm's names and shapes. @throws WeightsError, RangeError */
function configOfShapes(tensors: Safetensors["tensors"]): RegnetConfig {
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
    seRatio: SE_RATIO,
    classes: length("head.fc.bias", 0),
    batchNormEps: EPS,
  });
}

/** Whether these are the tensors of a RegNetY, perhaps an incomplete one. */
export const isRegnet = ({ metadata, tensors }: Safetensors): boolean => metadata.has(REGNET) || tensors.has("s1.b1.conv1.conv.weight");

/** The network of a file. @throws WeightsError, JsonError, RangeError */
export function regnetIn({ metadata, tensors }: Safetensors): Network {
  const text = metadata.get(REGNET);
  const { config, ...about } =
    text === undefined ? { config: configOfShapes(tensors), side: null, normalisation: null } : regnetAbout(text);
  const shapes = new Map([...regnetShapes(config)].map(([name, { shape }]) => [name, shape]));
  return regnetNetwork(config, completeTensors(shapes, tensors), about);
}
