/** Runs the rows of `deit check` on all cores. */
import { once } from "node:events";
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import type { Row, RowReport } from "../../check/laws/row.ts";
import { allRows } from "../../laws/rows.ts";
import { enginesOf, tryRow, type RowWork } from "./checkWorker.ts";
import { nearest } from "../../recipe/nearest.ts";
import type { EngineOptions } from "../options.ts";
import { showForNow } from "../output.ts";

/** Options of `deit check`. */
export interface CheckOptions {
  readonly cases: number;
  readonly seed: number;
  /** The ids of the rows to run; undefined: all rows. */
  readonly only?: readonly string[];
}

const SUGGESTIONS = 3;

/** @throws RangeError for an id that no row has, with the nearest ones */
function chosenRows(only: readonly string[] | undefined): readonly Row[] {
  const ids = allRows.map(({ id }) => id);
  const unknown = only?.find((id) => !ids.includes(id));
  if (unknown !== undefined)
    throw new RangeError(`--only ${unknown}: no such row; nearest are ${nearest(unknown, ids, SUGGESTIONS).join(", ")}`);
  return only === undefined ? allRows : allRows.filter(({ id }) => only.includes(id));
}

/** Fewer rows than this are not worth starting threads for. */
const FEW = 8;
/** This engine's device is used from one thread, since it is parallel itself. */
const ON_ONE_THREAD = "webgpu";

const isReport = (value: unknown): value is RowReport => typeof value === "object" && value !== null && "id" in value && "status" in value;

/** Takes rows from the queue until it is empty, and runs each by `attempt`. */
async function drain(
  queue: Iterator<[number, Row]>,
  count: number,
  reports: Map<number, RowReport>,
  attempt: (id: string) => Promise<unknown>,
): Promise<void> {
  for (let next = queue.next(); next.done !== true; next = queue.next()) {
    const [i, { id }] = next.value;
    showForNow(`${i + 1}/${count} ${id}`);
    const report = await attempt(id);
    if (!isReport(report)) throw new Error(`row ${id}: its thread sent no report`);
    reports.set(i, report);
  }
}

/** Runs the rows on as many threads as there are cores. A row's cases follow from the seed and its id, so the threads do not change the results. */
export async function checkRows(options: CheckOptions & EngineOptions): Promise<readonly RowReport[]> {
  const { only, engine } = options;
  const work: RowWork = options;
  const engines = await enginesOf(work);
  const rows = chosenRows(only);
  const reports = new Map<number, RowReport>();
  const queue = rows.entries();
  if (rows.length < FEW || engine === ON_ONE_THREAD) await drain(queue, rows.length, reports, (id) => tryRow(id, engines, work));
  else {
    const workers = Array.from(
      { length: availableParallelism() },
      () => new Worker(new URL("checkWorker.js", import.meta.url), { workerData: work }),
    );
    const ask =
      (worker: Worker) =>
      async (id: string): Promise<unknown> => {
        worker.postMessage(id); // oxlint-disable-line unicorn/require-post-message-target-origin -- a thread, not a window
        return (await once(worker, "message"))[0];
      };
    await Promise.all(workers.map((worker) => drain(queue, rows.length, reports, ask(worker))));
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
  showForNow("");
  return [...reports].toSorted(([a], [b]) => a - b).map(([, report]) => report);
}
