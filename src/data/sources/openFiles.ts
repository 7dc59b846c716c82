/** Files that stay open while ranges of them are read. At most 64 are open at a time: a set may have more shards than a process may have files. */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import type { ArchiveState } from "../index/origin.ts";

/** The most files that stay open. */
const MOST_OPEN = 64;

/** Reads ranges of some archives. */
export interface OpenFiles {
  /**
   * Bytes `begin` … `begin + length − 1` of archive i.
   *
   * @throws RangeError if the archive has changed since it was indexed
   */
  readonly read: (i: number, begin: number, length: number) => Uint8Array;
  /** Closes all files. */
  readonly close: () => void;
}

/** @throws RangeError if the file is not the one that was indexed */
function opened({ path, size, modified }: ArchiveState): number {
  const descriptor = openSync(path, "r");
  const now = fstatSync(descriptor, { bigint: true });
  if (Number(now.size) === size && `${now.mtimeNs}` === modified) return descriptor;
  closeSync(descriptor);
  throw new RangeError(`${path} has changed since it was indexed`);
}

/** No file is open at first; each is opened when it is read. */
export function openFiles(archives: readonly ArchiveState[]): OpenFiles {
  const open = new Map<number, number>(); // descriptors; the one that was used last comes last
  let isClosed = false;

  const closeOldest = (most: number): void => {
    for (const [i, descriptor] of open) {
      if (open.size <= most) return;
      open.delete(i);
      closeSync(descriptor);
    }
  };
  const descriptorOf = (i: number): number => {
    const archive = archives[i];
    if (isClosed || archive === undefined) throw new RangeError("the set is closed");
    const descriptor = open.get(i) ?? opened(archive);
    open.delete(i);
    open.set(i, descriptor);
    closeOldest(MOST_OPEN);
    return descriptor;
  };
  return {
    read: (i, begin, length) => {
      const descriptor = descriptorOf(i);
      const bytes = new Uint8Array(length);
      for (let done = 0; done < length;) {
        const count = readSync(descriptor, bytes, done, length - done, begin + done);
        if (count === 0) throw new RangeError("its archive has become shorter");
        done += count;
      }
      return bytes;
    },
    close: () => {
      isClosed = true;
      closeOldest(0);
    },
  };
}
