/** How commands print. */

/** Prints one JSON object on stdout; numbers that are not finite become null. */
export function printJson(value: unknown): void {
  const finite = (_: string, v: unknown): unknown => (typeof v === "number" && !Number.isFinite(v) ? null : v);
  process.stdout.write(`${JSON.stringify(value, finite)}\n`);
}

/** Prints a line of results on stdout. */
export const print = (line: string): void => void process.stdout.write(`${line}\n`);

/** Prints a line of messages or progress on stderr. */
export const say = (line: string): void => void process.stderr.write(`${line}\n`);

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Joins the lines of a text, since an error message is one line. */
export const oneLine = (text: string): string => text.replaceAll(/\s*\n\s*/g, " ").trim();

/** On a terminal, shows what is being done in a line of stderr that the next call overwrites; "" ends it. */
export function showForNow(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001B[K${text}`);
}

/** Between two lines of progress, in ms. */
const INTERVAL_MS = 5000;

/**
 * A function that shows what is being done: on a terminal in a line that is overwritten, else in a line of stderr every few seconds.
 *
 * @param command how its messages begin: `deit verify`
 */
export function progressOf(command: string): (text: string) => void {
  let last = Date.now();
  return (text) => {
    if (process.stderr.isTTY) return showForNow(text);
    if (Date.now() - last < INTERVAL_MS) return undefined;
    last = Date.now();
    return say(`${command}: ${text}`);
  };
}

/** Errors of a stream that nobody reads any more: a pipe whose reader has ended, as `head` does; a terminal that was closed. */
const CLOSED: readonly unknown[] = ["EPIPE", "EIO"];

/** Ignores that stdout or stderr is closed, so that a run still saves. */
export function tolerateClosedOutput(): void {
  for (const stream of [process.stdout, process.stderr])
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (!CLOSED.includes(error.code)) throw error;
    });
}

export type Align = "left" | "right";

const widthOf = (text: string): number => Array.from(text).length;

/** Formats rows as lines with aligned columns. */
export function table(rows: readonly (readonly string[])[], align: readonly Align[]): readonly string[] {
  const widths = align.map((_, i) => Math.max(...rows.map((row) => widthOf(row[i] ?? ""))));
  const cell = (text: string, i: number): string => {
    const gap = " ".repeat(Math.max(0, (widths[i] ?? 0) - widthOf(text)));
    return align[i] === "right" ? gap + text : text + gap;
  };
  return rows.map((row) => row.map(cell).join("  ").trimEnd());
}

/** 5717416 → `5,717,416` */
export const grouped = (n: number): string => n.toLocaleString("en-GB");

const MEGA = 1e6;
/** 38.9e6 → `38.9 MB` */
export const megabytes = (bytes: number): string => `${(bytes / MEGA).toFixed(1)} MB`;

/** 0.8125 → `81.25 %` */
export const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;

const COLOURS = { red: 31, green: 32 } as const;

/** Colours a text, on a terminal only. */
export const coloured = (text: string, colour: keyof typeof COLOURS): string =>
  process.stdout.isTTY && process.env["NO_COLOR"] === undefined ? `\u001B[${COLOURS[colour]}m${text}\u001B[0m` : text;
