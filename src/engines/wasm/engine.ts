/**
 * The WASM engine: f32, SIMD kernels from assembly/ on one linear memory that is laid out as
 *
 *   static data of the kernels · for each thread, scratch for what a kernel needs beside its arguments · the heap of tensors
 *
 * Kernels that are given a part of the rows or of the heads do that part to the same bits. So threads are a module instance and a scratch each on
 * a shared memory, and the loops deal out parts (deal.ts, pool.ts).
 */
import type { Engine } from "../../kernels/engine.ts";
import type { Kernels } from "../../kernels/kernels.ts";
import { MemoryError } from "../../tensor/errors.ts";
import { size, type Tensor } from "../../tensor/tensor.ts";
import { counter } from "../counters.ts";
import { heapRegions, type HeapBlock } from "../heap.ts";
import { plannedTop } from "../plan.ts";
import { kernelsOf } from "../region.ts";
import type { Access } from "./access.ts";
import { undealt, type Deal } from "./deal.ts";
import { elementwise } from "./elementwise.ts";
import { fusedKernels } from "./fused/table.ts";
import { matmul } from "./matmul.ts";
import { kernelsOn, moduleOf, MOST_PAGES, type Build } from "./module.ts";
import { move } from "./move.ts";
import { startPool } from "./pool.ts";
import { reduce } from "./reduce.ts";

/** How the WASM engine is built and how many threads it has; all may be left out. */
export interface WasmOptions {
  /**
   * `debug` asserts in the kernels and fills memory that is taken with NaN, so that nothing reads what nobody wrote. `fma` sums products with one
   * rounding instead of two, where host and processor can: another engine, `wasm-fma`, with bits of its own. Default `release`.
   */
  readonly build?: Build;
  /**
   * Threads that compute, the caller's among them; they give the same bits as one. More than one needs shared memory, which a page has if it is
   * isolated from other origins, and `engine.close()` at the end. Default 1.
   */
  readonly threads?: number;
  /** `smallest`: work is cut up even where that does not pay, so that tests see parts of small tensors too. Default `worthwhile`. */
  readonly parts?: "worthwhile" | "smallest";
  /** ms without any part of a job done after which a thread is taken for dead, and the job fails. Default 60 s. */
  readonly patience?: number;
}

const PAGE = 64 * 1024;
/** Memory that was not planned for comes in steps of so many pages. */
const STEP = 16;
const BYTES = 4;

const pagesFor = (bytes: number): number => Math.ceil(bytes / PAGE);

/** @throws MemoryError where 4 GiB are not enough; RangeError where the system has no more */
function grow(memory: WebAssembly.Memory, pages: number): void {
  const have = memory.buffer.byteLength / PAGE;
  if (pages <= have) return;
  if (pages > MOST_PAGES) throw new MemoryError("wasm", { needed: pages * PAGE, capacity: MOST_PAGES * PAGE });
  try {
    memory.grow(pages - have);
  } catch (cause) {
    throw new RangeError(`wasm needs ${(pages * PAGE) / 2 ** 20} MiB, and the system gives no more`, { cause });
  }
}

/** @throws RangeError where so many threads are none, or cannot share memory */
function checkThreads(threads: number): void {
  if (!Number.isInteger(threads) || threads < 1) throw new RangeError(`wasm: threads must be a whole number from 1 on, got ${threads}`);
  if (threads > 1 && typeof SharedArrayBuffer === "undefined")
    throw new RangeError(`wasm: ${threads} threads need shared memory, which this page has not: it is not isolated from other origins`);
}

/**
 * A new engine with a memory of its own.
 *
 * @throws RangeError where the host has no SIMD, for `fma` no relaxed SIMD, or for threads no shared memory
 */
export async function wasmEngine({
  build = "release",
  threads = 1,
  parts = "worthwhile",
  patience = 60_000,
}: WasmOptions = {}): Promise<Engine> {
  checkThreads(threads);
  const shared = threads > 1;
  const module = await moduleOf(build, shared);
  const memory = new WebAssembly.Memory({ initial: STEP, maximum: MOST_PAGES, shared });
  const wasm = kernelsOn(module, memory);
  const scratch = (thread: number): number => wasm.firstFree() + thread * wasm.scratchBytes();
  wasm.useScratch(scratch(0));
  const base = scratch(threads);
  grow(memory, pagesFor(base));
  const scratches = Array.from({ length: threads - 1 }, (_, i) => scratch(i + 1));
  const pool = shared ? await startPool({ wasm, module, memory, scratches, patience }) : { deal: undealt(wasm), close: () => undefined };
  const deal: Deal = parts === "smallest" ? (kernel, total, _, args) => pool.deal(kernel, total, 1, args) : pool.deal;

  const { count, counters } = counter();
  const reach = (end: number): void => {
    const needed = pagesFor(end);
    if (needed * PAGE > memory.buffer.byteLength) grow(memory, Math.max(needed, Math.min(needed + STEP, MOST_PAGES)));
  };
  const taken = ({ address, bytes }: HeapBlock): void => {
    if (build === "debug") new Float32Array(memory.buffer, address, bytes / BYTES).fill(NaN);
  };
  const { heap, trial, regions, take, access } = heapRegions(base, { reach, taken });
  const at = (t: Tensor): number => regions.live(t, "wasm").address;
  const view = (t: Tensor): Float32Array => new Float32Array(memory.buffer, at(t), size(t.shape));
  const own: Access = { wasm, deal, at, view };
  const loops = { ...elementwise(own), ...reduce(own), ...move(own), matmul: matmul(own) };
  const heapAccess = access((macs) => count(1, macs));
  const kernels = kernelsOf({ regions, take, loops, fused: fusedKernels(deal)(heapAccess), count });
  const plan = kernelsOf({ regions, take, loops: null, fused: fusedKernels(null)(heapAccess), count: () => undefined });

  const planned = <T>(held: T, program: (k: Kernels, held: T) => unknown): number =>
    base + plannedTop({ heap, trial }, plan, held, program);

  return {
    name: build === "fma" ? "wasm-fma" : "wasm",
    precision: "f32",
    kernels,
    read: (t) => Promise.resolve(view(t).slice()),
    release: (tree) => regions.release(tree, "released"),
    reserve: (held, program) => grow(memory, pagesFor(planned(held, program))),
    plan: (held, program) => Math.max(memory.buffer.byteLength, pagesFor(planned(held, program)) * PAGE),
    capacity: MOST_PAGES * PAGE,
    memory: () => {
      const { live, peak, top } = heap.report();
      return { live, peak, fresh: top, reserved: memory.buffer.byteLength };
    },
    counters,
    close: pool.close,
  };
}
