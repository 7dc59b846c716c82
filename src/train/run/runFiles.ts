/** The files of a training that grow with each step: its metrics, as JSON lines and for TensorBoard. */
import { join } from "node:path";
import { openMetrics, type MetricsFile } from "../../io/metrics.ts";
import { openEvents } from "../../io/tensorboard/events.ts";

/** Rows go into both files. */
export type RunFiles = MetricsFile;

const SECOND = 1000;

/** Opens the files of a training that starts or continues after `step` steps. */
export async function openRunFiles(directory: string, step: number): Promise<RunFiles> {
  const metrics = await openMetrics(join(directory, "metrics.jsonl"), step);
  const events = await openEvents(directory, step);
  return {
    append: async (rows) => {
      await metrics.append(rows);
      await events.append(rows, Date.now() / SECOND);
    },
    flush: async () => {
      await metrics.flush();
      await events.flush();
    },
    close: async () => {
      await events.close();
      await metrics.close();
    },
  };
}
