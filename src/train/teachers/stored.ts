/** Reads a trained network from a file of weights: a DeiT or a RegNetY, whichever it holds. */
import { converted, isDeit } from "../../io/weights/convert.ts";
import { isRegnet, regnetWeights } from "../../io/onnx/regnetFile.ts";
import { unwrapped } from "../../io/weights/names.ts";
import type { Safetensors } from "../../io/safetensors/safetensors.ts";
import { headsOf, weightsIn, WeightsError } from "../../io/weights/weights.ts";
import { withTensorsAt } from "../../io/weights/weightsFile.ts";
import { hasTwoHeads } from "../../model/params.ts";
import type { HeadName } from "../evaluation/evaluate.ts";
import { deitNetwork, regnetNetwork, type Network } from "./network.ts";

/** How a network of a file is used. */
export interface NetworkOptions {
  /** What of a DeiT with two heads teaches. */
  readonly head: HeadName;
  /** The side of the images, in pixels; null: that of the file. The position embedding of a DeiT is resized (E16, E17). */
  readonly imageSize: number | null;
}

/** @throws WeightsError, RangeError */
async function deitIn(file: Safetensors, { head, imageSize }: NetworkOptions): Promise<Network> {
  const { config, tensors, preprocessing } = weightsIn(await converted(file, imageSize === null ? {} : { imageSize }));
  if (head === "distillation" && !hasTwoHeads(config, headsOf(tensors)))
    throw new WeightsError("weights: this DeiT has one head, so teacher.head cannot be distillation");
  return deitNetwork(config, head, tensors, { normalisation: preprocessing });
}

/**
 * The network of a file.
 *
 * @throws RangeError that begins with the file's path, for a file that is missing or damaged, or holds another network
 */
export async function networkAt(path: string, options: NetworkOptions): Promise<Network> {
  const file = withTensorsAt({ path }, ({ metadata, tensors }) => ({ metadata, tensors: unwrapped(tensors) }));
  try {
    if (isRegnet(file)) {
      const { config, tensors, preprocessing: normalisation, imageSize: side } = regnetWeights(file);
      return regnetNetwork(config, tensors, { side, normalisation });
    }
    if (!isDeit(file.tensors)) throw new WeightsError("weights: neither a DeiT nor a RegNetY in timm's names");
    return await deitIn(file, options);
  } catch (error) {
    throw new RangeError(`${path}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}
