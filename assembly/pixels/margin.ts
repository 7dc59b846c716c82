/** What the host must know to lay out the memory. */

/** Bytes before and after an image that a loop may read, and after an image that it may write. */
const MARGIN: i32 = 64;

/** `MARGIN`, for the host. */
export function margin(): i32 {
  return MARGIN;
}

/** The first 64-byte aligned address after the static data of this module. */
export function firstFree(): usize {
  return (__heap_base + 63) & ~63;
}
