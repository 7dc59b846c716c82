/** Batches made by the calling thread itself, one image after the other, when they are asked for. */
import { fillImage, type Maker } from "./fillImage.ts";
import { askFor, countOf, slotOf } from "./slot.ts";
import type { SlotSource } from "./workers.ts";
import { TIMINGS, timedDataset, timedImage, timedKernels } from "./timings.ts";

/** Makes slots without workers. It has one slot, which is filled anew for each request. */
export function inTurn(maker: Maker): SlotSource {
  const timings = new Float64Array(TIMINGS);
  const slot = slotOf(maker.size);
  const own = { ...maker, dataset: timedDataset(maker.dataset, timings), kernels: timedKernels(maker.kernels, timings) };
  return {
    async *slots(requests) {
      for (const request of requests) {
        askFor(slot, request);
        for (let i = 0; i < countOf(slot); i++) await timedImage(timings, () => fillImage(own, slot, i));
        yield slot;
      }
    },
    timings: [timings],
    close: async () => undefined,
  };
}
