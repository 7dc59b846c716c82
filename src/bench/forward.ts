/** `deit bench forward`: inference from images to the mean of both heads' logits. */
import type { Kernels } from "../kernels/kernels.ts";
import type { DeitConfig } from "../model/config.ts";
import { deitPredict } from "../model/deit.ts";
import { deitAttrs } from "../train/step/deitTask.ts";
import { benchImages, benchParams } from "./model.ts";
import type { Program } from "./program.ts";
import type { Work } from "./timing.ts";

function forwardWork(k: Kernels, config: DeitConfig, B: number): Work {
  const inputs = { images: benchImages(k, config, B), params: benchParams(k, config) };
  const attrs = deitAttrs(k, config);
  const run = (): void =>
    k.region("bench forward", () => {
      deitPredict(k, inputs, attrs);
    });
  return { run };
}

/** Inference on the same images in every run. */
export const forwardProgram = (config: DeitConfig): Program => ({ work: (k, B) => forwardWork(k, config, B), lean: null });
