/** Batches made by workers, into a ring of slots: the workers run ahead of the caller by as many batches as the ring has room for. */
import { Worker } from "node:worker_threads";
import { closeAll, askForMore, controlOf, madeBy, reportsOf, type Control } from "./control.ts";
import type { BatchRequest } from "./sampler.ts";
import { askFor, doneIn, slotBytes, slotOf, type Slot, type SlotSize } from "./slot.ts";
import { TIMINGS, type Timings } from "./timings.ts";
import type { WorkerMessage, WorkerTask } from "./worker.ts";

/** Makes the slots of requests, in their order. */
export interface SlotSource {
  /** A slot is valid until the next is asked for. @throws the reason why the workers have failed */
  readonly slots: (requests: Iterable<BatchRequest>) => AsyncGenerator<Slot, void>;
  /** One for each thread that makes images. */
  readonly timings: readonly Timings[];
  /** Ends the workers. */
  readonly close: () => Promise<void>;
}

/** What the workers make, and who is told of what. */
export interface WorkersSettings extends Pick<WorkerTask, "dataset" | "job" | "size"> {
  /** The number of workers. */
  readonly workers: number;
  /** Called for each image that is replaced; if it throws, the loader fails with that error. */
  readonly onCorrupt: (sample: number, message: string) => void;
  /** The name of an image, for messages. */
  readonly nameOf: (sample: number) => string;
}

/** The program of a worker, seen from src/ and from dist/. */
const PROGRAM = new URL("../../../dist/data/loader/worker.js", import.meta.url);

/** The ring takes about this much memory, in bytes, … */
const RING_BYTES = 2 ** 26;
/** … but has at least one slot in use and one being filled, and not more than are of use. */
const [FEWEST_SLOTS, MOST_SLOTS] = [2, 16];

const slotsOf = (size: SlotSize): number => Math.max(FEWEST_SLOTS, Math.min(MOST_SLOTS, Math.floor(RING_BYTES / slotBytes(size))));

/** Running workers. */
interface Crew extends Pick<SlotSource, "timings" | "close"> {
  /** Resolves when all images of the slot are done. @throws the reason why the loader has failed */
  readonly finished: (slot: Slot) => Promise<void>;
  /** Whether the workers go on making images: nothing has failed, and they have not been told to end. */
  readonly isRunning: () => boolean;
}

/** Starts the workers. They sleep until a batch is asked for. */
function startCrew(
  { workers: count, dataset, job, size, onCorrupt, nameOf }: WorkersSettings,
  ring: readonly Slot[],
  control: Control,
): Crew {
  const timings = Array.from({ length: count }, (): Timings => new Float64Array(new SharedArrayBuffer(8 * TIMINGS)));
  let failure: Error | null = null;
  let closing = false;
  let heard = 0; // reports of corrupt images
  let wake = (): void => undefined;
  const fail = (error: Error): void => {
    failure ??= error;
    wake();
  };
  const hear = (message: WorkerMessage): void => {
    if (message.kind === "corrupt") heard++;
    try {
      if (message.kind === "corrupt") onCorrupt(message.sample, message.message);
      if (message.kind === "failed") fail(new RangeError(message.message));
      wake();
    } catch (error) {
      fail(error instanceof Error ? error : new Error(String(error)));
    }
  };
  const died = (number: number, why: string): void => {
    if (closing) return;
    const sample = madeBy(control, number);
    fail(new Error(`data: a worker thread ended (${why})${sample === null ? "" : ` while it made ${nameOf(sample)}`}`));
  };
  const workers = timings.map((own, number) => {
    const work: WorkerTask = { number, dataset, job, size, slots: ring.map(({ buffer }) => buffer), control, timings: own };
    const worker = new Worker(PROGRAM, { workerData: work });
    worker.on("message", hear);
    worker.on("error", (error) => died(number, error.message));
    worker.on("exit", (code) => died(number, `exit code ${code}`));
    return worker;
  });
  const isSettled = (slot: Slot): boolean => failure !== null || (doneIn(slot) === size.images && heard === reportsOf(control));
  return {
    timings,
    isRunning: () => failure === null && !closing,
    finished: async (slot) => {
      while (!isSettled(slot))
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      if (failure !== null) throw failure;
    },
    close: async () => {
      closing = true;
      closeAll(control);
      await Promise.all(workers.map((worker) => worker.terminate()));
    },
  };
}

/** A source whose slots are made by workers, which run ahead of the caller as far as the ring has room. */
export function startWorkers(settings: WorkersSettings): SlotSource {
  const ring = Array.from({ length: slotsOf(settings.size) }, () => slotOf(settings.size));
  const control = controlOf(settings.workers);
  const { finished, isRunning, timings, close } = startCrew(settings, ring, control);
  let [asked, used] = [0, 0]; // batches, since the start
  const slotAt = (batch: number): Slot => ring[batch % ring.length] ?? slotOf(settings.size);
  async function* slots(requests: Iterable<BatchRequest>): AsyncGenerator<Slot, void> {
    const waiting = requests[Symbol.iterator]();
    const askAhead = (): void => {
      if (asked - used > ring.length / 2) return; // several at a time, so that the workers are not woken at each batch
      const before = asked;
      while (asked - used < ring.length) {
        const next = waiting.next();
        if (next.done === true) break;
        askFor(slotAt(asked++), next.value);
      }
      if (asked > before) askForMore(control, asked - before);
    };
    try {
      for (askAhead(); used < asked; askAhead()) {
        await finished(slotAt(used));
        yield slotAt(used);
        used++;
      }
    } finally {
      const left = isRunning() ? asked - used : 0; // batches that nobody waits for any more
      for (let i = 0; i < left; i++) await finished(slotAt(used + i));
      used = asked;
    }
  }
  return { slots, timings, close };
}
