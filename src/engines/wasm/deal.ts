/** Kernels called on parts of their work. */
import type { Exports } from "./module.ts";

export type KernelName = keyof Exports;

/**
 * Calls a kernel on start … start + count − 1 of `total` units (rows, columns, heads, elements), part by part until all are done. Which parts
 * they are is the dealer's choice, so a kernel must give the same bits for every choice. No part is smaller than `grain`, unless all of them are.
 */
export type Deal = <K extends KernelName>(
  kernel: K,
  total: number,
  grain: number,
  args: (start: number, count: number) => Parameters<Exports[K]>,
) => void;

/** Elements that are worth a part of their own: of loops at the speed of memory, and of those that compute. */
export const MOVED = 32_768;
export const COMPUTED = 4096;

/** As many rows of n elements as make up `elements`. */
export const rowsOf = (elements: number, n: number): number => Math.max(1, Math.ceil(elements / Math.max(1, n)));

/** All on one thread. */
export const undealt =
  (wasm: Exports): Deal =>
  (kernel, total, _, args) => {
    if (total > 0) Reflect.apply(wasm[kernel], undefined, args(0, total));
  };

/** Parts a thread. With more, a thread that is late leaves some to the others; with one, each is as long as can be, which is worth more. */
export const PARTS = 1;

/** How many parts a pool of so many threads makes of `total` units. */
export const partCount = (threads: number, total: number, grain: number): number =>
  Math.max(1, Math.min(threads * PARTS, Math.floor(total / grain)));
