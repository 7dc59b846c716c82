/** Files that stay open between reads: at most 64 of them, since a set may have more shards than a process may open files. */
import { closeSync, fstatSync, openSync, read } from "node:fs";
import { promisify } from "node:util";
import type { ArchiveState } from "../index/origin.ts";

const readRange = promisify(read);

/** The most files that stay open when nothing is being read. */
const MOST_OPEN = 64;

interface OpenFile {
  readonly descriptor: number;
  /** Reads that are under way. */
  readonly reads: number;
}

/** Reads ranges of some archives. */
export interface OpenFiles {
  /**
   * Bytes `begin` … `begin + length − 1` of archive i.
   *
   * @throws RangeError if the archive has changed since it was indexed
   */
  readonly read: (i: number, begin: number, length: number) => Promise<Uint8Array>;
  /** Closes all files; those that are being read, afterwards. */
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
  const open = new Map<number, OpenFile>(); // the one that was used last comes last
  let isClosed = false;

  const closeIdle = (most: number): void => {
    for (const [i, { descriptor, reads }] of open) {
      if (open.size <= most) return;
      if (reads > 0) continue;
      open.delete(i);
      closeSync(descriptor);
    }
  };
  const take = (i: number): number => {
    const archive = archives[i];
    if (isClosed || archive === undefined) throw new RangeError("the set is closed");
    const { descriptor, reads } = open.get(i) ?? { descriptor: opened(archive), reads: 0 };
    open.delete(i);
    open.set(i, { descriptor, reads: reads + 1 });
    return descriptor;
  };
  const release = (i: number): void => {
    const file = open.get(i);
    if (file !== undefined) open.set(i, { ...file, reads: file.reads - 1 });
    closeIdle(isClosed ? 0 : MOST_OPEN);
  };
  return {
    read: async (i, begin, length) => {
      const descriptor = take(i);
      try {
        const bytes = new Uint8Array(length);
        for (let done = 0; done < length;) {
          const { bytesRead } = await readRange(descriptor, bytes, done, length - done, begin + done);
          if (bytesRead === 0) throw new RangeError("its archive has become shorter");
          done += bytesRead;
        }
        return bytes;
      } finally {
        release(i);
      }
    },
    close: () => {
      isClosed = true;
      closeIdle(0);
    },
  };
}
