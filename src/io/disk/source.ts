/** Bytes that are read piece by piece, so that a large file need not be in memory; unlike a ByteSource, reads may come out short. */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";

/** Bytes in memory or in a file. */
export interface Source {
  readonly length: number;
  /** Bytes `begin` … `end − 1`; fewer if the source ends before. */
  readonly read: (begin: number, end: number) => Uint8Array;
}

/** Bytes in memory; a read returns a view of them. */
export const sourceOf = (bytes: Uint8Array): Source => ({ length: bytes.length, read: (begin, end) => bytes.subarray(begin, end) });

/** An open file. */
export interface FileSource extends Source {
  readonly close: () => void;
}

/** Opens a file; each read takes only those bytes from the disk. */
export function openSource(path: string): FileSource {
  const file = openSync(path, "r");
  const { size: length } = fstatSync(file);
  const read = (begin: number, end: number): Uint8Array => {
    const bytes = new Uint8Array(Math.max(0, Math.min(end, length) - begin));
    let filled = 0;
    while (filled < bytes.length) {
      const more = readSync(file, bytes, filled, bytes.length - filled, begin + filled);
      if (more === 0) break; // the file has shrunk
      filled += more;
    }
    return bytes.subarray(0, filled);
  };
  return { length, read, close: () => closeSync(file) };
}

/** The same bytes, read at least `least` at a time, so that small reads one after the other need few system calls; a read returns a view. */
export function readAhead({ length, read }: Source, least: number): Source {
  let from = 0;
  let ahead: Uint8Array = new Uint8Array(0);
  const view = (begin: number, end: number): Uint8Array => {
    if (begin < from || end > from + ahead.length) {
      from = begin;
      ahead = read(begin, Math.max(end, begin + least));
    }
    return ahead.subarray(begin - from, end - from);
  };
  return { length, read: view };
}
