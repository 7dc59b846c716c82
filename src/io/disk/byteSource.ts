/** Bytes that are read range by range, so that a large file need not be in memory: from an array here, from a file in `fileBytes.ts`. */

/** Bytes that can be read in ranges. */
export interface ByteSource {
  /** The number of bytes. */
  readonly size: number;
  /**
   * Copies `length` bytes, beginning with byte `offset`, into a new buffer that holds nothing else.
   *
   * @throws RangeError if the source does not have these bytes, or memory has no room for them
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

/** A new array. @throws RangeError if the host cannot allocate so many bytes */
export function allocated(length: number): Uint8Array<ArrayBuffer> {
  try {
    return new Uint8Array(length);
  } catch {
    throw new RangeError(`read: there is no room in memory for ${length} bytes at once`);
  }
}

/** A source of the bytes of an array, which must not change afterwards. */
export const memoryBytes = (bytes: Uint8Array): ByteSource => ({
  size: bytes.length,
  read: (offset, length) => {
    checkRange(offset, length, bytes.length);
    const copy = allocated(length);
    copy.set(bytes.subarray(offset, offset + length));
    return copy;
  },
});
