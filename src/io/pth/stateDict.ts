/** Finds the parameters in a file of torch.save, which is a state dict or a training checkpoint that contains one. */
import { WeightsError } from "../weights/about.ts";
import { quoted } from "../formatError.ts";
import type { Stored } from "../weights/stored.ts";
import type { Pth } from "./pth.ts";
import { described, isA, type Dict, type PthTensor, type Value } from "./values.ts";

/** The keys of a checkpoint's model: the authors', then timm's. */
const MODEL = ["model", "state_dict"];
/** The keys of the model's moving average. */
const AVERAGE = ["model_ema", "state_dict_ema"];

function keysOf({ entries }: Dict): string {
  const keys = [...entries.keys()].map((key) => (typeof key === "string" ? key : described(key)));
  const shown = keys.slice(0, 6).join(", ");
  return quoted(keys.length > 6 ? `${shown}, …` : shown);
}

/** The first of these entries that is a dictionary. */
const entryOf = ({ entries }: Dict, names: readonly string[]): Dict | undefined =>
  names.map((name) => entries.get(name)).find((value): value is Dict => isA(value, "dict"));

function chosen(value: Value, average: boolean): Dict {
  if (!isA(value, "dict")) throw new WeightsError(`weights: the file must hold a dictionary of tensors, but it holds ${described(value)}`);
  if (!average) return entryOf(value, MODEL) ?? value;
  const found = entryOf(value, AVERAGE);
  if (found === undefined)
    throw new WeightsError(`weights: the file has no moving average, ${AVERAGE.join(" or ")}; it has ${keysOf(value)}`);
  return found;
}

/**
 * The tensors of a checkpoint's model, or of the dictionary itself, in the order of the file.
 *
 * @param average whether to take the moving average of the model instead (`model_ema`)
 * @throws WeightsError if there is no such dictionary, or an entry is not a tensor; PthError
 */
export function stateDictOf({ value, numbersOf }: Pth, average: boolean): ReadonlyMap<string, Stored> {
  const dict = chosen(value, average);
  const tensors = new Map<string, PthTensor>();
  for (const [name, tensor] of dict.entries) {
    if (typeof name !== "string") throw new WeightsError(`weights: a tensor's name must be a string, but the file has ${described(name)}`);
    if (!isA(tensor, "tensor")) throw new WeightsError(`weights: ${quoted(name)} must be a tensor, but the file has ${described(tensor)}`);
    tensors.set(name, tensor);
  }
  return numbersOf(tensors);
}
