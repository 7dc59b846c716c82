/** A DeiT, its teacher and its images for timing: numbers of the right size, drawn on the engine. */
import type { Kernels } from "../kernels/kernels.ts";
import type { DeitConfig } from "../model/config.ts";
import type { DeitParams } from "../model/deit.ts";
import { buildParams } from "../model/params.ts";
import type { RegnetConfig } from "../teacher/config.ts";
import { buildRegnet } from "../teacher/params.ts";
import { size, type Tensor } from "../tensor/tensor.ts";
import { predictBy } from "../train/run/teacher.ts";
import { drawn } from "./opBench.ts";

/** Of initial weights (deit.md 6.1). */
const DEVIATION = 0.02;

/** One where a layer norm is as good as absent. */
const isGamma = (name: string): boolean => /(^|\.)norm\d?\.weight$/.test(name);

/**
 * Weights with the mean and the deviation of initial ones, but drawn uniformly by the engine: `initialParams` draws on the host, one after
 * the other, which takes seconds for a large model. Biases are drawn too, since none is zero after a step.
 */
export const benchParams = (k: Kernels, config: DeitConfig): DeitParams =>
  buildParams(config, (name, shape) =>
    k.region("weights", () => {
      const values = k.scale(drawn(k, name, ...shape), DEVIATION);
      return isGamma(name) ? k.addScalar(values, 1) : values;
    }),
  );

/**
 * A teacher as it predicts: images → logits. Of each convolution the sum of squares of an output's weights is 2, which keeps the size of what
 * passes through ReLUs; norms do nothing.
 */
export function benchTeacher(k: Kernels, config: RegnetConfig): (k: Kernels, images: Tensor) => Tensor {
  const { params, running: buffers } = buildRegnet(config, (name, shape) => {
    if (/bn.weight|running_var/.test(name)) return k.region("ones", () => k.addScalar(k.zeros(shape), 1));
    if (!name.endsWith("weight")) return k.zeros(shape);
    return k.region("weights", () => k.scale(drawn(k, name, ...shape), Math.sqrt(2 / size(shape.slice(1)))));
  });
  return predictBy(config, { params, buffers });
}

/** [B, C, S, S], normalised: of mean 0 and deviation 1. */
export const benchImages = (k: Kernels, { channels, imageSize }: DeitConfig, B: number): Tensor =>
  drawn(k, "images", B, channels, imageSize, imageSize);
