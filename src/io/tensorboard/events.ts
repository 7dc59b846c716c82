/**
 * Event files for TensorBoard: the rows of `metrics.jsonl` with their times, as scalars of the same names. Each start of a run writes a file of its
 * own, and says from which step on the earlier ones no longer hold. The files are for people to look at; no result depends on them.
 */
import { open, readdir, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import type { MetricsRow } from "../metrics.ts";
import { scalarsEvent, startEvent, versionEvent } from "./event.ts";
import { recordOf } from "./record.ts";

/** A file that rows are appended to. */
export interface EventsFile {
  /**
   * Appends rows, in the order of their steps.
   *
   * @param wallTime seconds since 1970
   */
  readonly append: (rows: readonly MetricsRow[], wallTime: number) => Promise<void>;
  /** Hands the rows that are still in memory to the system. */
  readonly flush: () => Promise<void>;
  readonly close: () => Promise<void>;
}

/** TensorBoard finds a run's files by this name, and reads them in the order of their names. */
const NAME = /^events\.out\.tfevents\.(\d+)$/;
const DIGITS = 10;

/** The name of the next file. */
async function nextName(directory: string): Promise<string> {
  const numbers = (await readdir(directory)).map((name) => Number(NAME.exec(name)?.[1] ?? 0));
  return `events.out.tfevents.${String(Math.max(0, ...numbers) + 1).padStart(DIGITS, "0")}`;
}

/** Of the first steps all are written, after twice as many every second, then every fourth …, as TensorBoard shows some thousand points. */
const ALL = 4096;

/** Whether a step is one of those that are written. */
export const isShown = (step: number): boolean => step % 2 ** Math.max(0, Math.ceil(Math.log2(step / ALL))) === 0;

/** Rows may stay in memory for this long, in seconds. */
const DELAY = 1;

/**
 * A new file in an existing folder, for a run that starts or resumes after `step` steps. It is made with the first rows: a run that resumes with
 * nothing left to do leaves none.
 *
 * @param wallTime seconds since 1970
 */
export async function openEvents(directory: string, step: number, wallTime: number = Date.now() / 1000): Promise<EventsFile> {
  const path = join(directory, await nextName(directory));
  let file: FileHandle | null = null;
  let waiting: Uint8Array[] = [recordOf(versionEvent(wallTime)), recordOf(startEvent(wallTime, step + 1))];
  let written = wallTime;
  let names = ""; // of the last row
  const flush = async (): Promise<void> => {
    if (file === null) return;
    const bytes = Buffer.concat(waiting);
    waiting = [];
    if (bytes.length > 0) await file.appendFile(bytes);
  };
  const add = (row: MetricsRow, at: number): void => {
    const { step: done, ...scalars } = row;
    const all = Object.keys(row).join(" ");
    if (isShown(done) || all !== names) waiting.push(recordOf(scalarsEvent(at, done, scalars))); // a row with an evaluation is always written
    names = all;
  };
  return {
    append: async (rows, at) => {
      if (rows.length === 0) return;
      if (file === null) {
        file = await open(path, "ax");
        await flush();
      }
      for (const row of rows) add(row, at);
      if (at - written < DELAY) return;
      written = at;
      await flush();
    },
    flush,
    close: async () => {
      try {
        await flush();
      } finally {
        await file?.close();
      }
    },
  };
}
