/** The values that a student starts from: random ones, or the weights of another training (deit.md 7.13, 7.14). */
import { converted } from "../../io/weights/convert.ts";
import { numbersOf, type Stored } from "../../io/weights/stored.ts";
import { foundWeights, withTensorsAt } from "../../io/weights/weightsFile.ts";
import { weightsIn } from "../../io/weights/weights.ts";
import type { Kernels } from "../../kernels/kernels.ts";
import { mlpWidth, type DeitConfig } from "../../model/config.ts";
import type { DeitParams } from "../../model/deit.ts";
import { initialValues } from "../../model/init.ts";
import { buildParams, parameterShapes } from "../../model/params.ts";
import type { Key } from "../../tensor/key.ts";
import type { Recipe } from "./recipe.ts";

/** Values of parameters by timm's names; a parameter that is not among them starts from random values. */
export type StartingWeights = ReadonlyMap<string, Stored>;

/** The parameters of the classifier heads. */
const isHead = (name: string): boolean => name.startsWith("head.") || name.startsWith("head_dist.");

/** What the weights and the student must have in common, under the keys of a recipe. */
const shared = ({
  patchSize,
  channels,
  width,
  depth,
  heads,
  distilled,
  position,
  ...others
}: DeitConfig): Readonly<Record<string, string | number | boolean>> => ({
  patch_size: patchSize,
  channels,
  width,
  depth,
  heads,
  "mlp_ratio · width": mlpWidth({ width, ...others }),
  distilled,
  position,
});

/** What would be right, where that is not simply another size. */
function repairOf(key: string, { channels, distilled }: DeitConfig): string {
  if (key === "channels")
    return `; model.channels = ${channels} would be right${channels === 1 ? ", with the luma of colour images" : channels === 3 ? ", with the channel of grey images repeated" : ""}`;
  if (key === "distilled" && distilled)
    return '; model.distilled = true would be right, with a teacher, or with distillation.kind = "class-head" without one';
  return key === "distilled" ? '; model.distilled = false would be right, with distillation.student = "class" if there is a teacher' : "";
}

/** @throws RangeError naming a size in which weights and student differ */
function checkSizes(path: string, weights: DeitConfig, student: DeitConfig): void {
  const there = shared(weights);
  for (const [key, own] of Object.entries(shared(student)))
    if (there[key] !== own)
      throw new RangeError(
        `init.from: ${path} has ${key} = ${there[key]}, but the recipe's model has ${key} = ${own}${repairOf(key, weights)}`,
      );
}

/** @throws RangeError if the weights lack heads of the student's shape */
function checkHeads(path: string, weights: StartingWeights, from: DeitConfig, to: DeitConfig): void {
  const repair = 'init.heads = "new" starts with random heads';
  if (from.classes !== to.classes)
    throw new RangeError(
      `init.heads is "keep", but ${path} has heads of ${from.classes} classes, and model.classes is ${to.classes}; ${repair}`,
    );
  for (const name of parameterShapes(to).keys())
    if (!weights.has(name)) throw new RangeError(`init.heads is "keep", but ${path} has no ${name}; ${repair}`);
}

/**
 * Reads the weights that a recipe starts from. The position embedding is resized to the student's images as `init.positions` says.
 *
 * @throws RangeError in one line for a file that is missing or damaged, or does not fit the student
 */
export async function startingWeights({ init, model }: Pick<Recipe, "init" | "model">): Promise<StartingWeights> {
  if (init === null) return new Map();
  const source = foundWeights(init.from, "a run's folder or a file (.safetensors, .npz, .pth) as init.from");
  const { path } = source;
  const { heads, imageSize } = model;
  const { file, found } = withTensorsAt(source, (tensors) => ({ file: tensors, found: weightsIn(tensors, { heads }).config }));
  checkSizes(path, found, model);
  const { config, tensors } = weightsIn(await converted(file, { heads, imageSize, positions: init.positions }));
  if (init.heads === "new") return new Map([...tensors].filter(([name]) => !isHead(name)));
  checkHeads(path, tensors, config, model);
  return tensors;
}

/** The parameters to train from. */
export const startingParams = (k: Kernels, config: DeitConfig, key: Key, weights: StartingWeights): DeitParams =>
  buildParams(config, (name, shape) => {
    const stored = weights.get(name);
    return k.upload(shape, stored === undefined ? initialValues(config, key, name, shape) : numbersOf(stored));
  });
