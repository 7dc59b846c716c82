/** Sends this rank's heartbeats and receives those of others. */
import { MpiError } from "./mpi.ts";
import { heartbeatsOf, neighbours } from "./heartbeats.ts";
import { bytesOf, type Links, type Pending } from "./links.ts";

/** How often to look, in ms. */
const LOOK_MS = 100;

/** A message to or from a neighbour. A rank that is gone is not named here, but by its silence. */
interface Line {
  readonly counts: Int32Array;
  /** Null: none is under way. */
  isOver: Pending | null;
}

/** Begins a message on a line. */
function begin(line: Line, transfer: (bytes: Uint8Array) => Pending): void {
  try {
    line.isOver = transfer(bytesOf(line.counts));
  } catch (error) {
    if (!(error instanceof MpiError)) throw error;
    line.isOver = null;
  }
}

/** Whether a line is free, because its message is over or has failed. */
function isFree(line: Line): boolean {
  try {
    return line.isOver === null || line.isOver();
  } catch (error) {
    if (!(error instanceof MpiError)) throw error;
    line.isOver = () => false;
    return false;
  }
}

/**
 * Starts the heartbeats. The function that it returns must be called many times a second; it gives a rank that has been silent for so many ms, or null.
 *
 * @param links of a tag that nothing else uses
 */
export function startBeating({ rank, count, send, receive }: Links, ms: number): () => number | null {
  const { counts, isDue, hear, silent } = heartbeatsOf(rank, count, performance.now());
  const { after, before } = neighbours(rank, count);
  const line = (): Line => ({ counts: new Int32Array(count), isOver: null });
  const out = after.map((to) => ({ to, line: line() }));
  const into = before.map((from) => ({ from, line: line() }));
  for (const { from, line } of into) begin(line, (bytes) => receive(from, bytes));
  let next = 0;
  return () => {
    const now = performance.now();
    if (now < next) return null;
    next = now + LOOK_MS;
    for (const { from, line } of into) {
      if (!isFree(line)) continue;
      hear(line.counts, now);
      begin(line, (bytes) => receive(from, bytes));
    }
    if (isDue(now))
      for (const { to, line } of out) {
        if (!isFree(line)) continue; // the one before is not even on its way
        line.counts.set(counts);
        begin(line, (bytes) => send(to, bytes));
      }
    return silent(now, ms);
  };
}
