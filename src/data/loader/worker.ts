/** The program of a worker: a thread that makes images until it is told to end. */
import { parentPort, workerData } from "node:worker_threads";
import { simdKernels } from "../pixels/simd.ts";
import type { DatasetHandle } from "../sources/dataset.ts";
import { datasetFrom } from "../sources/from.ts";
import { countReport, nextTicket, noteMaking, type Control } from "./control.ts";
import { fillImage, type ViewJob } from "./fillImage.ts";
import { countDone, countOf, slotOf, viewAt, type SlotSize } from "./slot.ts";
import { timedDataset, timedImage, timedKernels, type Timings } from "./timings.ts";

/** What a worker is started with. */
export interface WorkerTask {
  /** Its number among the workers, from 0. */
  readonly number: number;
  /** What it opens the set from. */
  readonly dataset: DatasetHandle;
  readonly job: ViewJob;
  readonly size: SlotSize;
  /** The ring. */
  readonly slots: readonly SharedArrayBuffer[];
  readonly control: Control;
  readonly timings: Timings;
}

/** What a worker reports: that a batch is done, that an image cannot be decoded and is replaced, or that it has failed and ends. */
export type WorkerMessage =
  | { readonly kind: "batch" }
  | { readonly kind: "corrupt"; readonly sample: number; readonly message: string }
  | { readonly kind: "failed"; readonly message: string };

async function work(
  { number, dataset: handle, job, size, slots: buffers, control, timings }: WorkerTask,
  say: (message: WorkerMessage) => void,
): Promise<void> {
  const dataset = timedDataset(datasetFrom(handle), timings);
  const kernels = timedKernels(simdKernels(), timings);
  const slots = buffers.map((buffer) => slotOf(size, buffer));
  const onCorrupt = (sample: number, { message }: Error): void => {
    countReport(control);
    say({ kind: "corrupt", sample, message });
  };
  const maker = { dataset, job, size, kernels, onCorrupt };
  for (let next = nextTicket(control, size.images); next !== null; next = nextTicket(control, size.images)) {
    const slot = slots[next.batch % slots.length];
    if (slot === undefined) continue;
    const { place } = next;
    if (place < countOf(slot)) {
      noteMaking(control, number, viewAt(slot, place).sample);
      await timedImage(timings, () => fillImage(maker, slot, place));
      noteMaking(control, number, null);
    }
    if (countDone(slot) === size.images) say({ kind: "batch" });
  }
  dataset.close();
}

if (parentPort !== null) {
  const port = parentPort;
  const say = (message: WorkerMessage): void => {
    port.postMessage(message); // oxlint-disable-line unicorn/require-post-message-target-origin -- a thread, not a window
  };
  const given: WorkerTask = workerData;
  void work(given, say).catch((error: unknown) => say({ kind: "failed", message: error instanceof Error ? error.message : String(error) }));
}
