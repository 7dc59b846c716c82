/** The summary of all comparisons of a check. */
import type { Judged } from "./compare.ts";
import type { Finding } from "./fault.ts";

/** Comparisons with one input that rounding hides. */
export interface Hidden {
  readonly count: number;
  /** Number of all comparisons with this input. */
  readonly of: number;
  /** The first hidden comparison. */
  readonly finding: Finding | null;
}

export interface Tally {
  readonly worst: number;
  readonly worstAt: Finding | null;
  readonly comparisons: number;
  readonly resolution: number;
  readonly kinks: number;
  readonly zeros: number;
  readonly hidden: ReadonlyMap<string, Hidden>;
}

export const emptyTally: Tally = { worst: 0, worstAt: null, comparisons: 0, resolution: 0, kinks: 0, zeros: 0, hidden: new Map() };

function withOne(tally: Tally, { finding, verdict }: Judged): Tally {
  const { input, error, uncertainty } = finding;
  const before = tally.hidden.get(input) ?? { count: 0, of: 0, finding: null };
  const isHidden = verdict === "unresolved";
  const now = { count: before.count + Number(isHidden), of: before.of + 1, finding: before.finding ?? (isHidden ? finding : null) };
  const next = { ...tally, comparisons: tally.comparisons + 1, hidden: new Map([...tally.hidden, [input, now]]) };
  if (verdict === "kink" || verdict === "jump") return { ...next, kinks: tally.kinks + 1 };
  if (verdict === "zero") return { ...next, zeros: tally.zeros + 1 };
  if (verdict !== "holds") return next;
  const worse = tally.worstAt === null || error > tally.worst;
  return { ...next, resolution: Math.max(tally.resolution, uncertainty), ...(worse ? { worst: error, worstAt: finding } : {}) };
}

export const tallied = (tally: Tally, judged: readonly Judged[]): Tally => judged.reduce(withOne, tally);
