/** Opens what `deit eval` measures: a DeiT by one of its heads, or a RegNetY, such as the teacher that a run has trained. */
import type { Batches } from "../../data/loader/batch.ts";
import { assumedNormalisation, checkedNormalisation, type Normalisation } from "../../data/normalise.ts";
import type { DataShape } from "../../data/sources/dataset.ts";
import { regnetWeights } from "../../io/onnx/regnetFile.ts";
import type { Safetensors } from "../../io/safetensors/safetensors.ts";
import { unwrapped } from "../../io/weights/names.ts";
import type { Engine } from "../../kernels/engine.ts";
import { checkImageFits, evaluate, imagesHeldAtOnce, type Evaluation, type HeadName } from "../../train/evaluation/evaluate.ts";
import { regnetNetwork } from "../../train/teachers/network.ts";
import { checkRegnetFits, evaluableRegnet } from "../../train/teachers/regnetEvaluation.ts";
import { deitIn, isRegnetFile, openedBy, type WeightedModel, type WeightsOptions } from "./weights.ts";

export interface EvaluatedOptions extends Omit<WeightsOptions, "imageSize"> {
  readonly head: HeadName;
}

/** A network on an engine. */
export interface OnEngine {
  /** Images of a forward pass. */
  readonly batch: number;
  /** Frees everything but the network. */
  readonly evaluate: (batches: Batches) => Promise<Evaluation>;
  readonly release: () => void;
}

/** A network that can be evaluated, on images of one size. */
export interface Evaluated {
  /** What decides, for messages: `head: mean`, `RegNetY`. */
  readonly by: string;
  /** The images that it takes. */
  readonly shape: DataShape;
  readonly normalisation: Normalisation;
  /** @throws MemoryError that names the image size, if an engine cannot hold what one image takes */
  readonly checkFits: (engine: Engine) => void;
  readonly open: (engine: Engine) => Promise<OnEngine>;
}

/** On images of a side; undefined: that of the weights. @throws RangeError for a side that the network cannot have */
export type EvaluatedOfSide = (side: number | undefined) => Evaluated;

function evaluatedDeit({ config, preprocessing, upload }: WeightedModel, { head, positions }: EvaluatedOptions): Evaluated {
  const { channels, imageSize: side, classes } = config;
  return {
    by: `head: ${head}${positions === undefined ? "" : `, positions: ${positions}`}`,
    shape: { channels, side, classes },
    normalisation: checkedNormalisation(preprocessing, channels),
    checkFits: (engine) => checkImageFits(engine, config, upload),
    open: async (engine) => {
      const model = { config, params: upload(engine.kernels) };
      return {
        batch: await imagesHeldAtOnce(engine, model),
        evaluate: (batches) => evaluate(engine, model, batches, head),
        release: () => engine.release(model.params),
      };
    },
  };
}

/** @throws RangeError for options that a RegNetY does not have */
function checkRegnetOptions({ head, heads, positions }: EvaluatedOptions): void {
  if (head !== "mean")
    throw new RangeError(`a RegNetY has one head, so --head ${head} has no meaning here; it is evaluated without --head`);
  if (heads !== undefined)
    throw new RangeError(`a RegNetY has no attention, so --heads ${heads} has no meaning here; it is evaluated without --heads`);
  if (positions !== undefined) throw new RangeError(`a RegNetY has no positions, so --positions ${positions} has no meaning here`);
}

/** The RegNetY in a file, which takes images of any side. */
function evaluatedRegnet({ metadata, tensors: named }: Safetensors, options: EvaluatedOptions): EvaluatedOfSide {
  checkRegnetOptions(options);
  const { config, tensors, preprocessing, imageSize } = regnetWeights({ metadata, tensors: unwrapped(named) });
  const { channels, classes } = config;
  const normalisation = checkedNormalisation(preprocessing ?? assumedNormalisation(config), channels);
  return (given) => {
    const side = given ?? imageSize;
    if (side === null) throw new RangeError("the file of this RegNetY does not say the size of its images; --image-size 224 is usual");
    const network = regnetNetwork(config, tensors, { side, normalisation });
    return {
      by: "RegNetY",
      shape: { channels, side, classes },
      normalisation,
      checkFits: (engine) => checkRegnetFits(engine, { config, network, side }),
      open: (engine) => evaluableRegnet(engine, { config, network, side }),
    };
  };
}

/**
 * Opens weights once, for an evaluation on images of any size.
 *
 * @throws RangeError for a file that is missing, damaged or does not fit, and for options that the network does not have
 */
export const openedEvaluated = (source: string, options: EvaluatedOptions): EvaluatedOfSide =>
  openedBy<EvaluatedOfSide>(
    source,
    options,
    (modelOf) => (side) => evaluatedDeit(modelOf(side), options),
    (file) => {
      if (isRegnetFile(file)) return evaluatedRegnet(file, options);
      const modelOf = deitIn(file, options);
      return (side) => evaluatedDeit(modelOf(side), options);
    },
  );
