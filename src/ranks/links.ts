/** Messages between ranks, and work that waits for them: what the sums are written in, with MPI under it or, in specs, memory. */

/** Whether something that was begun is over; it is asked until it says so. */
export type Pending = () => boolean;

/** Between two ranks messages arrive in the order in which they were sent. Bytes may not be changed, or read, while they are under way. */
export interface Links {
  readonly rank: number;
  readonly count: number;
  readonly send: (to: number, bytes: Uint8Array) => Pending;
  /** Receives a message of exactly so many bytes. */
  readonly receive: (from: number, bytes: Uint8Array) => Pending;
}

/** Work that yields what it waits for, and is to be resumed when that is over. */
export type Work<T> = Generator<Pending, T, void>;

/** Over when all of them are. */
export function all(parts: readonly Pending[]): Pending {
  let left = parts;
  return () => {
    left = left.filter((isOver) => !isOver());
    return left.length === 0;
  };
}

/** The bytes of some numbers. */
export const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array => new Uint8Array(buffer, byteOffset, byteLength);

/** The other ranks, starting with the next one, so that not all begin with the same. */
export const others = ({ rank, count }: Links): readonly number[] => Array.from({ length: count - 1 }, (_, i) => (rank + 1 + i) % count);

/** Each rank's bytes, in the order of the ranks. */
export function* gatherBytes(links: Links, own: Uint8Array): Work<readonly Uint8Array[]> {
  const lengths = Array.from({ length: links.count }, () => new Float64Array([own.length]));
  yield all(others(links).flatMap((other) => [
    links.send(other, bytesOf(lengths[links.rank] ?? own)),
    links.receive(other, bytesOf(lengths[other] ?? own)),
  ])); // prettier-ignore
  const found = lengths.map(([length], rank) => (rank === links.rank ? own : new Uint8Array(length ?? 0)));
  yield all(others(links).flatMap((other) => [links.send(other, own), links.receive(other, found[other] ?? own)]));
  return found;
}
