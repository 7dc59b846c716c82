/** From a slot whose images are all done to the batch that a training or an evaluation takes. */
import type { Normalisation } from "../normalise.ts";
import type { Erased, HostBatch } from "./batch.ts";
import { noiseOf, type ViewJob } from "./fillImage.ts";
import { countOf, epochOf, erasedOf, imageLength, viewAt, type Slot, type SlotSize } from "./slot.ts";

/** The batch in a slot, over the slot's own memory. Noise that found no room in the slot is drawn here. */
export function batchIn(slot: Slot, size: SlotSize, job: ViewJob, normalisation: Normalisation): HostBatch {
  const { channels, side } = size;
  const B = countOf(slot);
  const places = Array.from({ length: B }, (_, i) => i);
  const erased = places.flatMap((image): readonly Erased[] => {
    const found = erasedOf(slot, image, channels);
    if (found === null || job.kind !== "augment") return [];
    const { rectangle } = found;
    const noise = found.noise ?? noiseOf(job.key, epochOf(slot), viewAt(slot, image), rectangle, channels);
    return [{ image, ...rectangle, noise }];
  });
  return {
    shape: [B, channels, side, side],
    pixels: slot.pixels.subarray(0, B * imageLength(size)),
    labels: Array.from(slot.labels.subarray(0, B)),
    erased,
    normalisation,
  };
}
