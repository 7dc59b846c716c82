/** Memory for what a kernel needs beside its arguments. One a thread: whoever starts a thread calls `useScratch` in its instance first. */

/** Bytes that `useScratch` must be given. */
export const SCRATCH_BYTES: usize = 1088 * 1024;

/** Where it starts. */
export let scratch: usize = 0;

/** Gives this instance `SCRATCH_BYTES` at `at`, 64-byte aligned. */
export function useScratch(at: usize): void {
  assert((at & 63) == 0, "useScratch: must be 64-byte aligned");
  scratch = at;
}

/** The number of bytes, for the one who gives them. */
export function scratchBytes(): usize {
  return SCRATCH_BYTES;
}

/** The first address that no static data of this module covers. */
export function firstFree(): usize {
  return (__heap_base + 63) & ~63;
}
