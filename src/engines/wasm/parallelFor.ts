/** Kernels that run over a range in chunks, on several threads or on one. */
import type { Exports } from "./module.ts";

export type KernelName = keyof Exports;

/**
 * Runs a kernel over a range of `total` units (rows, columns, heads or elements) in chunks: `args(start, count)` gives the kernel's arguments for
 * the units start … start + count − 1. Where the range is cut is up to the implementation, so a kernel's results must be bitwise identical
 * for every cut. No chunk is smaller than `minimumChunk`, unless the whole range is. Returns when all chunks are done.
 */
export type ParallelFor = <K extends KernelName>(
  kernel: K,
  total: number,
  minimumChunk: number,
  args: (start: number, count: number) => Parameters<Exports[K]>,
) => void;

/** Elements that are worth a chunk of their own, in loops that only wait for memory, and in loops that compute. */
export const MOVED_PER_CHUNK = 32_768;
export const COMPUTED_PER_CHUNK = 4096;

/** How many rows of n elements make up at least `elements`. */
export const rowsFor = (elements: number, n: number): number => Math.max(1, Math.ceil(elements / Math.max(1, n)));

/** The whole range as one chunk, on the calling thread. */
export const serialFor =
  (wasm: Exports): ParallelFor =>
  (kernel, total, _, args) => {
    if (total > 0) Reflect.apply(wasm[kernel], undefined, args(0, total));
  };

/** With more chunks than threads, the others take some from a thread that is late; but longer chunks are faster, which is worth more. */
export const CHUNKS_PER_THREAD = 1;

/** Into how many chunks so many threads divide a range; 0 or 1: it stays whole. */
export const chunkCount = (threads: number, total: number, minimumChunk: number): number =>
  Math.min(threads * CHUNKS_PER_THREAD, Math.floor(total / minimumChunk));
