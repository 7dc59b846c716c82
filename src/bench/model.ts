/** A DeiT, its teacher and its images for timing: random numbers of the right magnitude, drawn on the engine. */
import type { Kernels } from "../kernels/kernels.ts";
import type { DeitConfig } from "../model/config.ts";
import type { DeitParams } from "../model/deit.ts";
import { buildParams } from "../model/params.ts";
import type { RegnetConfig } from "../teacher/config.ts";
import { buildRegnet } from "../teacher/params.ts";
import { size, type Tensor } from "../tensor/tensor.ts";
import { regnetPredictBy } from "../train/teachers/network.ts";
import { drawn } from "./opBench.ts";

/** Standard deviation of initial weights (deit.md 6.1). */
const DEVIATION = 0.02;

/** Weights of layer norms, whose initial value is 1. */
const isGamma = (name: string): boolean => /(^|\.)norm\d?\.weight$/.test(name);

/**
 * Weights with the mean and deviation of initial ones, but drawn uniformly on the engine: `initialParams` draws one number after the other on
 * the host, which takes seconds for a large model. Biases are drawn as well, because none is zero after a training step.
 */
export const benchParams = (k: Kernels, config: DeitConfig): DeitParams =>
  buildParams(config, (name, shape) =>
    k.region("weights", () => {
      const values = k.scale(drawn(k, name, ...shape), DEVIATION);
      return isGamma(name) ? k.addScalar(values, 1) : values;
    }),
  );

/**
 * A teacher in inference: images → logits. The squared weights of each output of a convolution sum to 2 on average, which keeps the magnitude
 * of activations through ReLUs; norms are the identity.
 */
export function benchTeacher(k: Kernels, config: RegnetConfig): (k: Kernels, images: Tensor) => Tensor {
  const { params, running: buffers } = buildRegnet(config, (name, shape) => {
    if (/bn.weight|running_var/.test(name)) return k.region("ones", () => k.addScalar(k.zeros(shape), 1));
    if (!name.endsWith("weight")) return k.zeros(shape);
    return k.region("weights", () => k.scale(drawn(k, name, ...shape), Math.sqrt(2 / size(shape.slice(1)))));
  });
  return regnetPredictBy(config, { params, buffers });
}

/** Images [B, C, S, S], normalised to mean 0 and deviation 1. */
export const benchImages = (k: Kernels, { channels, imageSize }: DeitConfig, B: number): Tensor =>
  drawn(k, "images", B, channels, imageSize, imageSize);
