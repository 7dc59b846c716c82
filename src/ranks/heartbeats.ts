/**
 * Who is alive. Each rank counts its own heartbeats, one a second, and knows the latest count of every other. With each beat it sends all counts to the ranks at
 * distances 1, 2, 4, … after it, and takes from those before it whatever is higher. So log₂ R small messages a second from each rank tell everyone of everyone, over paths that
 * avoid a dead rank. A rank is silent when its count has not risen for a while. It beats in the thread that sums: a rank that computes for minutes is alive, a stopped one is not.
 */

/** In ms. */
const BEAT_MS = 1000;
/** If this process has not looked for so long, in ms, it was itself stopped, and that time is not held against the others. */
const ASLEEP_MS = 3000;

export interface Heartbeats {
  /** The latest known count of each rank, which is what is sent. */
  readonly counts: Int32Array;
  /** Whether it is time to send. To be asked several times a second. */
  readonly isDue: (now: number) => boolean;
  readonly hear: (counts: Int32Array, now: number) => void;
  /** A rank that has been silent for so many ms; null: none. */
  readonly silent: (now: number, ms: number) => number | null;
}

/** The ranks to which a rank sends its counts, and those from which it receives them. */
export function neighbours(rank: number, count: number): { readonly after: readonly number[]; readonly before: readonly number[] } {
  const distances = Array.from({ length: Math.ceil(Math.log2(count)) }, (_, i) => 2 ** i);
  return { after: distances.map((d) => (rank + d) % count), before: distances.map((d) => (rank - d + count) % count) };
}

/** The heartbeats of a rank, which knows nothing of the others yet. Times are in ms of any clock. */
export function heartbeatsOf(rank: number, count: number, start: number): Heartbeats {
  const counts = new Int32Array(count);
  const heard = new Float64Array(count).fill(start);
  let [looked, beaten] = [start, -Infinity];

  const isDue = (now: number): boolean => {
    const asleep = now - looked;
    if (asleep > ASLEEP_MS) for (let r = 0; r < count; r++) heard[r] = (heard[r] ?? 0) + asleep;
    looked = now;
    heard[rank] = now;
    if (now - beaten < BEAT_MS) return false;
    beaten = now;
    counts[rank] = (counts[rank] ?? 0) + 1;
    return true;
  };
  const hear = (received: Int32Array, now: number): void => {
    for (const [r, latest] of received.entries()) {
      if (latest <= (counts[r] ?? 0)) continue;
      counts[r] = latest;
      heard[r] = now;
    }
  };
  const silent = (now: number, ms: number): number | null => {
    const found = heard.findIndex((last) => now - last > ms);
    return found === -1 ? null : found;
  };
  return { counts, isDue, hear, silent };
}
