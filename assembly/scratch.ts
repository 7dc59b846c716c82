/** Temporary memory of the kernels. Each thread has its own: call `useScratch` in its instance before any kernel. */

/** Bytes that `useScratch` needs. */
export const SCRATCH_BYTES: usize = 1088 * 1024;

/** Address of the scratch. */
export let scratch: usize = 0;

/** Sets the scratch of this instance to the `SCRATCH_BYTES` bytes at `at`, which must be 64-byte aligned. */
export function useScratch(at: usize): void {
  assert((at & 63) == 0, "useScratch: must be 64-byte aligned");
  scratch = at;
}

/** `SCRATCH_BYTES`, for the host. */
export function scratchBytes(): usize {
  return SCRATCH_BYTES;
}

/** The first 64-byte aligned address after the static data of this module. */
export function firstFree(): usize {
  return (__heap_base + 63) & ~63;
}
