/** Reads the bytes of a pickle one after the other, never beyond its end. */
import type { Refuse } from "../formatError.ts";

export interface Cursor {
  /** The position of the byte that is read next. */
  readonly at: () => number;
  /** An unsigned integer of 1, 2 or 4 bytes, little-endian. */
  readonly unsigned: (width: 1 | 2 | 4) => number;
  /** An unsigned length of 8 bytes, little-endian. */
  readonly length8: () => number;
  readonly int32: () => number;
  /** Big-endian, as in pickle. */
  readonly float64: () => number;
  /** The next bytes, as a view. */
  readonly bytes: (length: number) => Uint8Array;
  /** The next bytes, as UTF-8. */
  readonly text: (length: number) => string;
  /** The text up to the next newline, which is skipped. */
  readonly line: () => string;
}

const NEWLINE = 10;
/** The greatest length of a line, in bytes; lines hold names only. */
const LONGEST_LINE = 256;

/** @throws the error of `refuse`, if the bytes end too early or are not valid UTF-8 */
export function cursorAt(source: Uint8Array, start: number, refuse: Refuse): Cursor {
  const view = new DataView(source.buffer, source.byteOffset, source.length);
  let next = start;
  const take = (length: number): number => {
    if (length > source.length - next)
      throw refuse(source.length, `the pickle is truncated: ${length} bytes from byte ${next} on are missing`);
    next += length;
    return next - length;
  };
  const bytes = (length: number): Uint8Array => {
    const from = take(length);
    return source.subarray(from, from + length);
  };
  const text = (length: number): string => {
    const from = next;
    try {
      return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes(length));
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      throw refuse(from, "a string must be UTF-8");
    }
  };
  return {
    at: () => next,
    unsigned: (width) => {
      const from = take(width);
      return width === 1 ? view.getUint8(from) : width === 2 ? view.getUint16(from, true) : view.getUint32(from, true);
    },
    length8: () => Number(view.getBigUint64(take(8), true)),
    int32: () => view.getInt32(take(4), true),
    float64: () => view.getFloat64(take(8)),
    bytes,
    text,
    line: () => {
      const end = source.subarray(next, next + LONGEST_LINE).indexOf(NEWLINE);
      if (end < 0) throw refuse(next, `a name must end within ${LONGEST_LINE} bytes`);
      const line = text(end);
      take(1);
      return line;
    },
  };
}
