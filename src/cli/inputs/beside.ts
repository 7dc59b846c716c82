/** Opens the weights that `deit inspect --beside` compares with those that it inspects. */
import { basename, resolve } from "node:path";
import { checkNeighbourNames } from "../../inspect/disagreement.ts";
import type { ModelBeside } from "../../inspect/inspection.ts";
import { foundWeights, withTensorsAt } from "../../io/weights/weightsFile.ts";
import { measuredSet, type InspectedOptions } from "./inspected.ts";
import { deitIn, type WeightedModel } from "./weights.ts";

/** A DeiT at its own image size. @throws RangeError that names the file */
function deitAt(source: string): WeightedModel {
  const found = foundWeights(source, "a run's folder or a file (.safetensors, .npz, .pth)");
  return withTensorsAt(found, (file) => deitIn(file, {})(undefined));
}

/** @throws RangeError unless both take the same channels and know as many classes */
function checkAlike({ config }: WeightedModel, { config: own }: WeightedModel): void {
  for (const key of ["channels", "classes"] as const)
    if (config[key] !== own[key]) throw new RangeError(`a DeiT of ${config[key]} ${key}, and the model that is inspected has ${own[key]}`);
}

/**
 * The models of these runs or files, named by the last part of the path, each with the data set as it takes it: its own image size and normalisation.
 *
 * @throws RangeError for a file that is missing or damaged, or that is no DeiT of the same channels and classes; for names that are not distinct
 */
export function modelsBeside(data: string, own: WeightedModel, options: InspectedOptions): readonly ModelBeside[] {
  const names: string[] = [];
  return (options.beside ?? []).map((source) => {
    try {
      const model = deitAt(source);
      checkAlike(model, own);
      const name = basename(resolve(source));
      names.push(name);
      checkNeighbourNames(names);
      return { name, config: model.config, upload: model.upload, batches: measuredSet(data, model, options).batches };
    } catch (error) {
      throw new RangeError(`--beside ${source}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
    }
  });
}
