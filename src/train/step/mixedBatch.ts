/** What a training step learns from: the images of a batch, and what it should predict for them, both mixed alike (deit.md 7.9). */
import type { Kernels } from "../../kernels/kernels.ts";
import { smoothOverAll, smoothOverOthers } from "../../losses/labelSmoothing.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { mixImages, mixTargets } from "../mixing/mixGroups.ts";
import type { Mix } from "../mixing/drawMix.ts";
import type { LabelledImages } from "./uploadBatch.ts";
import type { Batch } from "./task.ts";

/** Label smoothing: ε, and whether (E20) or (E21). */
export interface Smoothing {
  /** ε, the share of the probability that is spread over other classes. */
  readonly share: number;
  /** Whether it is spread over all classes (E20) or over all but the true one (E21). */
  readonly over: "all" | "others";
}

/** Class numbers [B] → smoothed targets [B, K], (E20) or (E21). */
export function smoothedTargets(k: Kernels, labels: Tensor, classes: number, { share, over }: Smoothing): Tensor {
  return over === "all" ? smoothOverAll(k, labels, classes, share) : smoothOverOthers(k, labels, classes, share);
}

/** K, and how the labels are smoothed. */
export interface TargetSettings {
  /** K */
  readonly classes: number;
  /** How the labels are smoothed. */
  readonly smoothing: Smoothing;
}

/**
 * The images of a batch mixed by (E38) and (E39), and its smoothed labels mixed by (E33).
 *
 * @param mixes how equal groups of the samples are mixed; none: they are not mixed
 * @throws RangeError unless the batch divides into as many equal groups as it has mixes; ShapeError for a group that is mixed and odd
 */
export const mixedBatch = (
  k: Kernels,
  { images, labels }: LabelledImages,
  mixes: readonly Mix[],
  { classes, smoothing }: TargetSettings,
): Omit<Batch, "teacher"> => ({
  images: mixImages(k, images, mixes),
  target: mixTargets(k, smoothedTargets(k, labels, classes, smoothing), mixes),
});
