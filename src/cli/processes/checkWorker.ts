/** A thread of `deit check`: receives ids of rows and runs the rows one after the other, on engines that it creates once. */
import { parentPort, workerData } from "node:worker_threads";
import type { Engines } from "../../check/engines.ts";
import { runRow, type RowReport, type RunOptions } from "../../check/laws/row.ts";
import { referenceEngine } from "../../engines/reference/engine.ts";
import { allRows } from "../../laws/rows.ts";
import { engineOf } from "../engine.ts";
import type { EngineOptions } from "../options.ts";

export interface RowWork extends EngineOptions, RunOptions {}

/** The engine under test, and the reference engine that it is compared with. */
export async function enginesOf(options: EngineOptions): Promise<Engines> {
  const engine = await engineOf(options);
  return { engine, reference: engine.precision === "f64" ? engine : referenceEngine() };
}

/** Runs a row. @throws RangeError for an unknown id */
export function tryRow(id: string, engines: Engines, options: RunOptions): Promise<RowReport> {
  const row = allRows.find((r) => r.id === id);
  if (row === undefined) throw new RangeError(`no row ${id}`);
  return runRow(row, engines, options);
}

if (parentPort !== null) {
  const port = parentPort;
  const work: RowWork = workerData;
  const made = enginesOf(work);
  port.on("message", (id: string) => {
    const answer = (report: RowReport): void => {
      port.postMessage(report); // oxlint-disable-line unicorn/require-post-message-target-origin -- a thread, not a window
    };
    void made.then((engines) => tryRow(id, engines, work)).then(answer);
  });
}
