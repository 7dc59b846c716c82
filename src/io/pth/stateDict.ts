/** The parameters in a file of torch.save: a state dict, or that of a training checkpoint. */
import { WeightsError } from "../weights/about.ts";
import { quoted } from "../formatError.ts";
import type { Stored } from "../weights/stored.ts";
import type { Pth } from "./pth.ts";
import { described, isA, type Dict, type PthTensor, type Value } from "./values.ts";

/** Where a checkpoint has its model: the authors' entry, then timm's. */
const MODEL = ["model", "state_dict"];
/** And the moving average of it. */
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
  if (!isA(value, "dict")) throw new WeightsError(`weights: the file must hold a dictionary of tensors, it holds ${described(value)}`);
  if (!average) return entryOf(value, MODEL) ?? value;
  const found = entryOf(value, AVERAGE);
  if (found === undefined)
    throw new WeightsError(`weights: the file has no moving average, ${AVERAGE.join(" or ")}; it has ${keysOf(value)}`);
  return found;
}

/**
 * The tensors of the checkpoint's model, or of the dictionary itself, in its order.
 *
 * @param average takes the moving average of the model instead (`model_ema`)
 * @throws WeightsError where there is none, or something else is among the tensors; PthError
 */
export function stateDictOf({ value, numbersOf }: Pth, average: boolean): ReadonlyMap<string, Stored> {
  const dict = chosen(value, average);
  const tensors = new Map<string, PthTensor>();
  for (const [name, tensor] of dict.entries) {
    if (typeof name !== "string") throw new WeightsError(`weights: a tensor's name must be a text, the file has ${described(name)}`);
    if (!isA(tensor, "tensor")) throw new WeightsError(`weights: ${quoted(name)} must be a tensor, the file has ${described(tensor)}`);
    tensors.set(name, tensor);
  }
  return numbersOf(tensors);
}
