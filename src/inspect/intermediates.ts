/** Reads every intermediate value of a forward pass, under the names of the recording format (`tapShapes`), in the order of the computation. */
import type { NormalisedImages } from "../data/normalise.ts";
import type { Engine } from "../kernels/engine.ts";
import { deitLogits } from "../model/deit.ts";
import { meanOfLogits } from "../model/fusion.ts";
import { attention } from "../ops/attention.ts";
import { inference, observe, withoutFusion, outputs } from "../ops/observe.ts";
import { tapShapes } from "../recording/format/tensorSpecs.ts";
import { axis, type Shape, type Tensor } from "../tensor/tensor.ts";
import { deitAttrs } from "../train/step/deitTask.ts";
import type { Deit } from "../train/evaluation/evaluate.ts";

/** An array in row-major order, in the precision of the engine. */
export interface Numbers {
  readonly shape: Shape;
  readonly data: Float64Array | Float32Array;
}

/** The intermediate values by path: `patch_embed`, `embed`, `blocks.3.attn.probs`, …, `logits`. */
export type Intermediates = ReadonlyMap<string, Numbers>;

/**
 * Runs the network once. On the engine only the parameters stay alive.
 *
 * @param images normalised, [B, C, S, S]
 */
export async function intermediates(engine: Engine, { config, params }: Deit, images: NormalisedImages): Promise<Intermediates> {
  const taps = tapShapes(config, axis(images.shape, 0));
  const reads: Promise<readonly [string, Numbers]>[] = [];
  const show = (path: string, t: Tensor): void => {
    if (taps.has(path)) reads.push(engine.read(t).then((data) => [path, { shape: t.shape, data }] as const));
  };
  const k = observe(inference(withoutFusion(engine.kernels, attention)), outputs(show));
  k.region("intermediates", () => {
    const inputs = { images: k.upload(images.shape, images.data), params };
    const logits = deitLogits.forward(k, inputs, deitAttrs(k, config)).out;
    meanOfLogits.forward(k.at("logits"), logits);
    return null;
  });
  return new Map(await Promise.all(reads));
}

/** @throws RangeError if there is no such path */
export function intermediate(all: Intermediates, path: string): Numbers {
  const found = all.get(path);
  if (found === undefined) throw new RangeError(`intermediates: nothing at ${path}`);
  return found;
}
