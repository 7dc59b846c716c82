/** The linear memory of a WASM module, which grows in pages and never shrinks. */
import { MemoryError } from "../../tensor/errors.ts";
import { MOST_PAGES } from "./module.ts";

const PAGE = 64 * 1024;
/** Pages to begin with, and pages that memory grows by at least where nothing was reserved. */
const STEP = 16;

/** The most bytes that a memory can have. */
export const MOST_BYTES: number = MOST_PAGES * PAGE;

const pagesFor = (bytes: number): number => Math.ceil(bytes / PAGE);

/** Whole pages that so many bytes take, in bytes. */
export const inPages = (bytes: number): number => pagesFor(bytes) * PAGE;

export const newMemory = (shared: boolean): WebAssembly.Memory => new WebAssembly.Memory({ initial: STEP, maximum: MOST_PAGES, shared });

/** @throws MemoryError where 4 GiB are not enough; RangeError where the system has no more */
function growTo(memory: WebAssembly.Memory, pages: number): void {
  const have = memory.buffer.byteLength / PAGE;
  if (pages <= have) return;
  if (pages > MOST_PAGES) throw new MemoryError("wasm", { needed: pages * PAGE, capacity: MOST_BYTES });
  try {
    memory.grow(pages - have);
  } catch (cause) {
    throw new RangeError(`wasm needs ${(pages * PAGE) / 2 ** 20} MiB, and the system gives no more`, { cause });
  }
}

/** Grows a memory to `end` bytes and no further. Throws as `growTo`. */
export const reserveTo = (memory: WebAssembly.Memory, end: number): void => growTo(memory, pagesFor(end));

/** Grows a memory to `end` bytes and some more, because more will be needed soon. Throws as `growTo`. */
export function reachTo(memory: WebAssembly.Memory, end: number): void {
  const needed = pagesFor(end);
  if (needed * PAGE > memory.buffer.byteLength) growTo(memory, Math.max(needed, Math.min(needed + STEP, MOST_PAGES)));
}
