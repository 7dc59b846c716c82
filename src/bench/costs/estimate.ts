/** Numbers that are not known exactly: three columns of a prediction. */

/**
 * `bound`: what the hardware cannot exceed. `expected`: what others have measured on this hardware with the same instructions. `pessimistic`: what
 * others have measured where little was tuned.
 */
export const columns = ["bound", "expected", "pessimistic"] as const;
export type Column = (typeof columns)[number];

export type Estimate = Readonly<Record<Column, number>>;

export const eachColumn = <T>(f: (column: Column) => T): Readonly<Record<Column, T>> => ({
  bound: f("bound"),
  expected: f("expected"),
  pessimistic: f("pessimistic"),
});

/** The same number in all columns. */
export const exactly = (x: number): Estimate => eachColumn(() => x);

/** Where a number is from. */
export interface Source {
  /** What was found, and on what. */
  readonly what: string;
  readonly url: string;
  /** When it was published or measured: a year, a month or a day. */
  readonly date: string;
}

/** A rate, or a time, and where its columns are from. */
export interface Sourced extends Estimate {
  readonly sources: readonly Source[];
}

/** Shares of a peak, as a rate. */
export const ofPeak = (peak: number, expected: number, pessimistic: number, sources: readonly Source[]): Sourced => ({
  bound: peak,
  expected: expected * peak,
  pessimistic: pessimistic * peak,
  sources,
});
