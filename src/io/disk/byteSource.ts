/** Bytes that are read in ranges, so that a large file need not be in memory: of an array here, of a file in `fileBytes.ts`. */

export interface ByteSource {
  /** In bytes. */
  readonly size: number;
  /**
   * A copy of `length` bytes from byte `offset` on, in a buffer of its own that holds nothing else.
   *
   * @throws RangeError unless the source has them, and memory has room for them
   */
  readonly read: (offset: number, length: number) => Uint8Array<ArrayBuffer>;
}

/** A whole number from 0 to 2⁵³ − 1. */
export const isCount = (value: number): boolean => Number.isSafeInteger(value) && value >= 0;

/** @throws RangeError unless a source of `size` bytes has the range */
export function checkRange(offset: number, length: number, size: number): void {
  if (!isCount(offset) || !isCount(length) || offset + length > size)
    throw new RangeError(`read: the range must be within ${size} bytes, got ${length} bytes from byte ${offset} on`);
}

/** @throws RangeError where the host makes no array of so many bytes */
export function allocated(length: number): Uint8Array<ArrayBuffer> {
  try {
    return new Uint8Array(length);
  } catch {
    throw new RangeError(`read: there is no room in memory for ${length} bytes at once`);
  }
}

/** The source of an array's bytes, which may not change from now on. */
export const memoryBytes = (bytes: Uint8Array): ByteSource => ({
  size: bytes.length,
  read: (offset, length) => {
    checkRange(offset, length, bytes.length);
    const copy = allocated(length);
    copy.set(bytes.subarray(offset, offset + length));
    return copy;
  },
});
