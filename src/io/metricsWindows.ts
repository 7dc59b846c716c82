/**
 * Reads `metrics.jsonl` for curves: neighbouring rows are taken together in windows while the file is read, so that a file of any length takes
 * little memory, and a file that has grown is read on from where it ended.
 */
import { open, type FileHandle } from "node:fs/promises";
import { rowOf, type MetricsRow } from "./metrics.ts";

/** A number over the rows of a window. */
export interface Spread {
  readonly least: number;
  readonly mean: number;
  readonly most: number;
}

/** Neighbouring rows, taken together. */
export interface MetricsWindow {
  /** Of the last of them. */
  readonly step: number;
  /** The numbers that they have, by name. */
  readonly spreads: ReadonlyMap<string, Spread>;
}

/** A file for curves. */
export interface MetricsCurves {
  /** At most `MOST_WINDOWS`, in the order of their steps. */
  readonly windows: readonly MetricsWindow[];
  /** The rows with an evaluation, one an epoch. */
  readonly evaluated: readonly MetricsRow[];
  /** null: the file has no row. */
  readonly last: MetricsRow | null;
}

export const MOST_WINDOWS = 240;
/** The name that each row with an evaluation has. */
const EVALUATED = "top1";
/** Bytes that are read at a time. */
const PIECE = 2 ** 20;
/** Of a file of n times so many bytes, every n-th row is parsed, and each with an evaluation: parsing takes most of the time. */
const PARSED_BYTES = 2 ** 24;

/** A sum of numbers, and their bounds. */
interface Sum {
  least: number;
  most: number;
  total: number;
  count: number;
}

/** A window that is being filled. */
interface Open {
  step: number;
  rows: number;
  readonly sums: Map<string, Sum>;
}

function addTo(sums: Map<string, Sum>, name: string, { least, most, total, count }: Sum): void {
  const sum = sums.get(name);
  if (sum === undefined) return void sums.set(name, { least, most, total, count });
  sum.least = Math.min(sum.least, least);
  sum.most = Math.max(sum.most, most);
  sum.total += total;
  sum.count += count;
}

/** Two neighbouring windows as one. */
function joined(a: Open, b: Open | undefined): Open {
  if (b === undefined) return a;
  for (const [name, sum] of b.sums) addTo(a.sums, name, sum);
  return { step: b.step, rows: a.rows + b.rows, sums: a.sums };
}

const closed = ({ step, sums }: Open): MetricsWindow => ({
  step,
  spreads: new Map([...sums].map(([name, { least, most, total, count }]) => [name, { least, mean: total / count, most }])),
});

/** Takes rows together as they come. */
function collector(): { readonly add: (row: MetricsRow) => void; readonly curves: () => Omit<MetricsCurves, "last"> } {
  let windows: Open[] = [];
  let length = 1; // rows of a window
  const evaluated: MetricsRow[] = [];
  const add = (row: MetricsRow): void => {
    if (row[EVALUATED] !== undefined) evaluated.push(row);
    let window = windows.at(-1);
    if (window === undefined || window.rows === length) {
      if (windows.length === MOST_WINDOWS) {
        windows = windows.flatMap((one, i) => (i % 2 === 0 ? [joined(one, windows[i + 1])] : []));
        length *= 2;
      }
      window = { step: 0, rows: 0, sums: new Map() };
      windows.push(window);
    }
    window.step = row.step;
    window.rows++;
    for (const name in row) {
      const value = row[name] ?? NaN;
      addTo(window.sums, name, { least: value, most: value, total: value, count: 1 });
    }
  };
  return { add, curves: () => ({ windows: windows.map(closed), evaluated: [...evaluated] }) };
}

/** The curves of a file that is being written. */
export interface MetricsReader {
  /** The rows so far; no rows if there is no file. */
  readonly curves: () => Promise<MetricsCurves>;
}

/** Opens the file if there is one. */
const opened = (path: string): Promise<FileHandle | null> => open(path, "r").catch(() => null);

/** A reader of a file that exists or will exist. A file in its place, as a resumed run writes it, is read from its beginning. */
export function metricsReader(path: string): MetricsReader {
  let { add, curves } = collector();
  let offset = 0;
  let identity = 0;
  let [seen, every, latest] = [0, 1, ""]; // lines; every which is parsed; the last of them
  let rest = Buffer.alloc(0); // of a line whose end has not been written
  const startAnew = (): void => {
    ({ add, curves } = collector());
    [offset, rest, seen, latest] = [0, Buffer.alloc(0), 0, ""];
  };
  const take = (bytes: Buffer): void => {
    const text = Buffer.concat([rest, bytes]);
    const end = text.lastIndexOf("\n") + 1;
    rest = text.subarray(end);
    for (const line of text.toString("utf8", 0, end).split("\n")) {
      if (line === "") continue;
      latest = line;
      const row = seen++ % every === 0 || line.includes(`"${EVALUATED}"`) ? rowOf(line) : null;
      if (row !== null) add(row);
    }
  };
  /** Reads what has been added. */
  const readOn = async (file: FileHandle): Promise<void> => {
    const { ino, size } = await file.stat();
    every = Math.max(1, Math.floor(size / PARSED_BYTES));
    if (ino !== identity) startAnew();
    identity = ino;
    for (let read = 1; read > 0; offset += read) {
      const { bytesRead, buffer } = await file.read(Buffer.alloc(PIECE), 0, PIECE, offset);
      read = bytesRead;
      take(buffer.subarray(0, read));
    }
  };
  return {
    curves: async () => {
      const file = await opened(path);
      try {
        if (file !== null) await readOn(file);
      } finally {
        await file?.close();
      }
      return { ...curves(), last: rowOf(latest) };
    },
  };
}
