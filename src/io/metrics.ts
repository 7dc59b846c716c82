/** `metrics.jsonl`: one JSON object a line, in the order of the steps. Equal runs write equal rows, but for speed, waiting and memory. */
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

/** A file that rows are appended to. They are written together, at most once a second: a write takes longer than a small step computes. */
export interface MetricsFile {
  /** Appends rows, in the order of their steps. */
  readonly append: (rows: readonly MetricsRow[]) => Promise<void>;
  /** Writes all rows, and waits until they are on the disk. */
  readonly flush: () => Promise<void>;
  /** Writes all rows and closes the file. */
  readonly close: () => Promise<void>;
}

/** Between two writes, in ms. */
const WRITE_MS = 1000;

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
  let [lines, last] = ["", performance.now()];
  const write = async (): Promise<void> => {
    const text = lines;
    [lines, last] = ["", performance.now()];
    if (text !== "") await file.appendFile(text);
  };
  return {
    append: async (rows) => {
      for (const row of rows) lines += `${JSON.stringify(row)}\n`;
      if (performance.now() - last >= WRITE_MS) await write();
    },
    flush: async () => {
      await write();
      await file.sync();
    },
    close: async () => {
      try {
        await write();
      } finally {
        await file.close();
      }
    },
  };
}
