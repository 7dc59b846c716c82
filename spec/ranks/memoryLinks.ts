/** Links between ranks of one process, for specs without MPI. */
import type { Links, Pending, Work } from "../../src/ranks/links.ts";

/** The links of so many ranks. A message is handed over only when both sides have asked, so that bytes changed too early would be seen. */
export function memoryLinks(count: number): readonly Links[] {
  const queues = new Map<string, { readonly sent: Uint8Array; taken: boolean }[]>();
  const queueOf = (from: number, to: number): { readonly sent: Uint8Array; taken: boolean }[] => {
    const key = `${from} ${to}`;
    const queue = queues.get(key) ?? [];
    queues.set(key, queue);
    return queue;
  };
  const links = (rank: number): Links => {
    const turns = new Map<number, number>();
    const done = new Map<number, number>();
    return {
      rank,
      count,
      send: (to, bytes): Pending => {
        if (bytes.length === 0) return () => true;
        const message = { sent: bytes, taken: false };
        queueOf(rank, to).push(message);
        return () => message.taken;
      },
      receive: (from, bytes): Pending => {
        if (bytes.length === 0) return () => true;
        const turn = turns.get(from) ?? 0;
        turns.set(from, turn + 1);
        let over = false;
        return () => {
          const message = queueOf(from, rank)[turn];
          if (over || message === undefined || (done.get(from) ?? 0) !== turn) return over;
          if (message.sent.length !== bytes.length)
            throw new Error(`rank ${rank} expects ${bytes.length} bytes of ${from}, which sends ${message.sent.length}`);
          bytes.set(message.sent);
          done.set(from, turn + 1);
          return (message.taken = over = true);
        };
      },
    };
  };
  return Array.from({ length: count }, (_, rank) => links(rank));
}

/** Carries out the work of all ranks in turn, and returns their results. @throws Error where all wait for one another */
export function inTurns<T>(works: readonly Work<T>[]): readonly T[] {
  const results: { readonly rank: number; readonly value: T }[] = [];
  const waits = works.map((): Pending | null => () => true);
  for (let idle = 0; results.length < works.length; idle++) {
    if (idle > 1000) throw new Error("the ranks wait for one another");
    for (const [rank, work] of works.entries()) {
      if (waits[rank]?.() !== true) continue;
      const { done, value } = work.next();
      idle = 0;
      waits[rank] = done === true ? null : value;
      if (done === true) results.push({ rank, value });
    }
  }
  return results.toSorted((a, b) => a.rank - b.rank).map(({ value }) => value);
}
