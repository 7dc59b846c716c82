/** What commands print. */

/** One JSON object on stdout; numbers that are not finite are null. */
export function printJson(value: unknown): void {
  const finite = (_: string, v: unknown): unknown => (typeof v === "number" && !Number.isFinite(v) ? null : v);
  process.stdout.write(`${JSON.stringify(value, finite)}\n`);
}

export const print = (line: string): void => void process.stdout.write(`${line}\n`);

/** Messages and progress. */
export const say = (line: string): void => void process.stderr.write(`${line}\n`);

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** As error messages must be that a command prints. */
export const oneLine = (text: string): string => text.replaceAll(/\s*\n\s*/g, " ").trim();

/** On a terminal: what is at work now, in a line of stderr that the next one writes over; "" ends it. */
export function showForNow(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001B[K${text}`);
}

/** In ms. */
const BETWEEN = 5000;

/**
 * Says what is at work: on a terminal in one line that is written over, else in a line of stderr every few seconds.
 *
 * @param command as messages begin: `deit verify`
 */
export function progressOf(command: string): (text: string) => void {
  let last = Date.now();
  return (text) => {
    if (process.stderr.isTTY) return showForNow(text);
    if (Date.now() - last < BETWEEN) return undefined;
    last = Date.now();
    return say(`${command}: ${text}`);
  };
}

/** Whoever reads the output may have seen enough before it is all written. */
export function tolerateClosedOutput(): void {
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });
}

export type Align = "left" | "right";

const widthOf = (text: string): number => Array.from(text).length;

/** Lines with aligned columns; the first row is the head. */
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
/** `38.9 MB`, of a million bytes. */
export const megabytes = (bytes: number): string => `${(bytes / MEGA).toFixed(1)} MB`;

/** 0.8125 → `81.25 %` */
export const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;

const COLOURS = { red: 31, green: 32 } as const;

/** Coloured on a terminal only. */
export const coloured = (text: string, colour: keyof typeof COLOURS): string =>
  process.stdout.isTTY && process.env["NO_COLOR"] === undefined ? `\u001B[${COLOURS[colour]}m${text}\u001B[0m` : text;
