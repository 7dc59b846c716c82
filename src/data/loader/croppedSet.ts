/**
 * A set of which each image is seen once, as a random resized crop (deit.md 7.7) of a given share of its area: how much of an image must be left for its
 * label to hold (deit.md 2). It is the crop of training, bicubic resize included, and nothing else of its augmentation.
 *
 *   a = from + (to − from) u      the share of the area; where no crop of ten fits, the centre that training falls back to, which may be of another area
 *
 * u, the aspect and the place are drawn from the seed and the index of the image alone. So ranges that are compared differ in the area only, a range gives
 * the same beside others as alone, and neither the batch nor the number of workers matters.
 */
import { fold, keyOf } from "../../tensor/key.ts";
import { checkSettings } from "../augment/checkSettings.ts";
import type { Range } from "../augment/rectangles.ts";
import { deitSettings } from "../augment/settings.ts";
import { orderedSet, type EvaluationSet, type OrderedSettings } from "./evaluationSet.ts";
import type { ViewJob } from "./fillImage.ts";

/** Which crops are seen. */
export interface CropSettings {
  /** Least and largest share of an image's area, 0 < least ≤ largest ≤ 1. */
  readonly area: Range;
  readonly seed: number;
}

/** The job that shows these crops. */
export const cropJob = ({ area, seed }: CropSettings): Extract<ViewJob, { readonly kind: "augment" }> => ({
  kind: "augment",
  key: fold(keyOf(seed), "crop areas"),
  settings: { ...deitSettings, crop: "resized", area, flip: false, policy: { kind: "none" }, colourJitter: 0, erasing: 0 },
});

/** Opens the set. @throws RangeError for an impossible area; what `openLoader` and its batches throw */
export function croppedSet(settings: OrderedSettings, crops: CropSettings): EvaluationSet {
  const job = cropJob(crops);
  checkSettings(job.settings, settings.dataset.channels, settings.side);
  return orderedSet(settings, job);
}
