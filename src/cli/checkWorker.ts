/** A thread of `deit check`: tries the rows whose ids it is sent, one after the other. */
import { parentPort, workerData } from "node:worker_threads";
import { runRow, type RowReport } from "../check/row.ts";
import { allRows } from "../laws/rows.ts";
import { engineOf } from "./engines.ts";
import type { EngineOptions } from "./options.ts";

export interface RowWork extends EngineOptions {
  readonly cases: number;
  readonly seed: number;
}

/** @throws RangeError for an id that no row has */
export async function tryRow(id: string, work: RowWork): Promise<RowReport> {
  const row = allRows.find((r) => r.id === id);
  if (row === undefined) throw new RangeError(`no row ${id}`);
  return runRow(row, await engineOf(work), work);
}

const work: RowWork = workerData;
parentPort?.on("message", (id: string) => {
  const answer = (report: RowReport): void => {
    parentPort?.postMessage(report); // oxlint-disable-line unicorn/require-post-message-target-origin -- a thread, not a window
  };
  void tryRow(id, work).then(answer);
});
