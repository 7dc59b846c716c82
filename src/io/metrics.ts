/** `metrics.jsonl`: one JSON object a line, in the order of the steps. No times in it: equal runs write equal files. */
import { open, readFile } from "node:fs/promises";
import { writeDurably } from "./durable.ts";
import { isRecord } from "./strictJson.ts";

export interface MetricsRow {
  readonly epoch: number;
  /** Steps done. */
  readonly step: number;
  readonly [name: string]: number;
}

export interface MetricsFile {
  /** Rows in the order of their steps. */
  readonly append: (rows: readonly MetricsRow[]) => Promise<void>;
  /** Waits until the disk has all rows. */
  readonly flush: () => Promise<void>;
  readonly close: () => Promise<void>;
}

/** The step of a row; of a line that a kill has torn, none. */
function stepOf(line: string): number {
  try {
    const row: unknown = JSON.parse(line);
    return isRecord(row) && typeof row["step"] === "number" ? row["step"] : Infinity;
  } catch {
    return Infinity;
  }
}

async function textOf(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch {
    return ""; // a new run
  }
}

/** Opens the file to go on after `step`: rows of later steps are removed, as the run will write them again. */
export async function openMetrics(path: string, step: number): Promise<MetricsFile> {
  const kept = (await textOf(path)).split("\n").filter((line) => stepOf(line) <= step);
  await writeDurably(path, kept.map((line) => `${line}\n`).join(""));
  const file = await open(path, "a");
  return {
    append: async (rows) => {
      await file.appendFile(rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
    },
    flush: () => file.sync(),
    close: () => file.close(),
  };
}
