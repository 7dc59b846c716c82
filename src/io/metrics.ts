/** `metrics.jsonl`: one JSON object a line, in the order of the steps. It holds no times, so that equal runs write equal files. */
import { open, readFile } from "node:fs/promises";
import { writeDurably } from "./disk/durable.ts";
import { isRecord } from "./strictJson.ts";

/** A line of the file. */
export interface MetricsRow {
  readonly epoch: number;
  /** Steps done. */
  readonly step: number;
  readonly [name: string]: number;
}

/** A file that rows are appended to. */
export interface MetricsFile {
  /** Appends rows, in the order of their steps. */
  readonly append: (rows: readonly MetricsRow[]) => Promise<void>;
  /** Waits until all rows are on the disk. */
  readonly flush: () => Promise<void>;
  readonly close: () => Promise<void>;
}

const isRow = (value: unknown): value is MetricsRow =>
  isRecord(value) && "epoch" in value && "step" in value && Object.values(value).every((number) => typeof number === "number");

/** Parses a line; null: it was cut off when the process was killed. */
export function rowOf(line: string): MetricsRow | null {
  try {
    const row: unknown = JSON.parse(line);
    return isRow(row) ? row : null;
  } catch {
    return null;
  }
}

async function textOf(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return ""; // a new run
    throw error;
  }
}

/** Opens the file to continue after `step`: rows of later steps are removed, since the run will write them again. */
export async function openMetrics(path: string, step: number): Promise<MetricsFile> {
  const kept = (await textOf(path)).split("\n").filter((line) => (rowOf(line)?.step ?? Infinity) <= step);
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
