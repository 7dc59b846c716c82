/** The rows of the metrics: what a step computed is read some steps later, so that an asynchronous engine never waits for it. */
import type { MetricsFile } from "../../io/metrics.ts";
import type { Engine } from "../../kernels/engine.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { Measured } from "./training.ts";

/** The loss is not finite, so that training cannot continue. */
export class LossError extends Error {
  override readonly name = "LossError";
  /** The step, counted from 1, whose loss it is. */
  readonly step: number;
  constructor(message: string, step: number) {
    super(message);
    this.step = step;
  }
}

/** Losses are read this many steps late. */
const LAG = 4;

/** The numbers of a step that are still on the engine, by the names that the metrics give them. */
export type OnEngine = Readonly<Record<string, Tensor | null>>;

/** What is known of a step at once. */
export interface StepRow {
  readonly epoch: number;
  /** Steps done. */
  readonly step: number;
  /** The learning rate. */
  readonly lr: number;
  /** The teacher's share of the loss; 0: no teacher. */
  readonly teacherShare: number;
  /** What was measured after it. */
  readonly measured: Measured;
}

/** A row whose numbers are still being read. */
interface Pending {
  readonly row: StepRow;
  readonly reads: Promise<Measured>;
}

/** Rows that wait to be written. */
export interface MetricsQueue {
  /** Reads a step's numbers; the tensors may be freed when this returns. `loss` must be among them. */
  readonly push: (row: StepRow, numbers: OnEngine) => void;
  /** Waits for all rows but the newest few, and writes them; `all`: for every one. Returns the latest loss that was read; null: none yet. @throws LossError */
  readonly settle: (all: boolean) => Promise<number | null>;
}

async function readAll(engine: Engine, numbers: OnEngine): Promise<Measured> {
  const reads = Object.entries(numbers).flatMap(([name, t]) => (t === null ? [] : [{ name, read: engine.read(t) }]));
  return Object.fromEntries(await Promise.all(reads.map(async ({ name, read }) => [name, (await read)[0] ?? NaN] as const)));
}

/** loss = (1 − share) · loss_class + share · loss_teacher, solved for the teacher's part. */
function partsOf({ loss = NaN, loss_class }: Measured, share: number): Measured {
  if (loss_class === undefined) return {};
  return { loss_class, ...(share === 0 ? {} : { loss_teacher: (loss - (1 - share) * loss_class) / share }) };
}

/** A queue that writes to a file; null: another rank writes, and losses are only checked. */
export function metricsQueue(engine: Engine, file: MetricsFile | null): MetricsQueue {
  const pending: Pending[] = [];
  let latest: number | null = null;
  return {
    push: (row, numbers) => {
      const reads = readAll(engine, numbers);
      reads.catch(() => undefined); // if the run fails before, nobody awaits it
      pending.push({ row, reads });
    },
    settle: async (all) => {
      for (const { row, reads } of pending.splice(0, Math.max(0, pending.length - (all ? 0 : LAG)))) {
        const { epoch, step, lr, teacherShare, measured } = row;
        const { loss = NaN, loss_class, ...numbers } = await reads;
        latest = loss;
        if (!Number.isFinite(loss)) throw new LossError(`the loss is ${loss} at step ${step} (epoch ${epoch}, learning rate ${lr})`, step);
        const parts = loss_class === undefined ? {} : partsOf({ loss, loss_class }, teacherShare);
        await file?.append([{ epoch, step, loss, ...parts, lr, ...numbers, ...measured }]);
      }
      return latest;
    },
  };
}
