/**
 * The WASM engine: f32, SIMD kernels from assembly/ on one linear memory with this layout:
 *
 *   static data of the kernels · for each thread, scratch for its kernels · the heap of tensors
 *
 * A kernel's results are bitwise identical however its range of rows, columns, heads or elements is cut into chunks. So each further thread
 * is an instance of the module with a scratch of its own on the same, shared memory, and the threads share the chunks (parallelFor.ts, pool.ts).
 */
import type { Engine } from "../../kernels/engine.ts";
import type { Kernels } from "../../kernels/kernels.ts";
import { size, type Tensor } from "../../tensor/tensor.ts";
import { counter } from "../counters.ts";
import { F32_BYTES, heapRegions, type HeapBlock } from "../heap.ts";
import { plannedTop } from "../plan.ts";
import { kernelsOf } from "../region.ts";
import type { Access } from "./access.ts";
import { elementwise } from "./elementwise.ts";
import { fusedKernels } from "./fused/table.ts";
import { inPages, MOST_BYTES, newMemory, reachTo, reserveTo } from "./linearMemory.ts";
import { matmul } from "./matmul.ts";
import { kernelsOn, moduleOf, type Build, type Exports } from "./module.ts";
import { move } from "./move.ts";
import { serialFor } from "./parallelFor.ts";
import { startPool, type Pool } from "./pool.ts";
import { reduce } from "./reduce.ts";

/** How the WASM engine is built and how many threads it has. All options may be left out. */
export interface WasmOptions {
  /**
   * `debug` checks assertions in the kernels and fills each new tensor with NaN, so that a read before a write is noticed. `fma` multiplies
   * matrices with fused multiply–adds, which round once instead of twice, where host and processor have them; its numbers differ in the last
   * bits, so it is another engine, `wasm-fma`. Default `release`.
   */
  readonly build?: Build;
  /**
   * Threads that compute, the calling thread included. Results are bitwise identical to those of one thread. More than one needs shared memory,
   * which a page has only if it is cross-origin isolated, and a call of `engine.close()` at the end. Default 1.
   */
  readonly threads?: number;
  /** `smallest` cuts work into chunks even where that is slower, so that tests of small tensors use all threads. Default `worthwhile`. */
  readonly chunks?: "worthwhile" | "smallest";
  /** If no chunk of a job is finished for so many ms, a thread counts as dead and the job fails. Default 60 000. */
  readonly timeoutMs?: number;
}

/** @throws RangeError where there can be no such number of threads, or they cannot share memory */
function checkThreads(threads: number): void {
  if (!Number.isInteger(threads) || threads < 1) throw new RangeError(`wasm: threads must be an integer of at least 1, got ${threads}`);
  if (threads > 1 && typeof SharedArrayBuffer === "undefined")
    throw new RangeError(
      `wasm: ${threads} threads need shared memory, which a page has only if it is cross-origin isolated; this one is not, so use 1 thread`,
    );
}

/** The kernels, the memory that they work on, and the threads that run them. */
interface Host extends Pool {
  readonly wasm: Exports;
  readonly memory: WebAssembly.Memory;
  /** Where the heap begins, in bytes. */
  readonly base: number;
}

async function startHost({ build, threads, chunks, timeoutMs }: Required<WasmOptions>): Promise<Host> {
  checkThreads(threads);
  const shared = threads > 1;
  const module = await moduleOf(build, shared);
  const memory = newMemory(shared);
  const wasm = kernelsOn(module, memory);
  const scratch = (thread: number): number => wasm.firstFree() + thread * wasm.scratchBytes();
  wasm.useScratch(scratch(0));
  const base = scratch(threads);
  reserveTo(memory, base);
  const host = { wasm, memory, base };
  if (!shared) return { ...host, parallelFor: serialFor(wasm), close: () => undefined };
  const scratches = Array.from({ length: threads - 1 }, (_, i) => scratch(i + 1));
  const { parallelFor, close } = await startPool({ wasm, module, memory, scratches, timeoutMs });
  if (chunks === "worthwhile") return { ...host, parallelFor, close };
  return { ...host, parallelFor: (kernel, total, _, args) => parallelFor(kernel, total, 1, args), close };
}

/**
 * A new engine with a memory of its own.
 *
 * @throws RangeError where the host has no SIMD, for `fma` no relaxed SIMD, or for threads no shared memory
 */
export async function wasmEngine(options: WasmOptions = {}): Promise<Engine> {
  const { build = "release", threads = 1, chunks = "worthwhile", timeoutMs = 60_000 } = options;
  const { wasm, memory, base, parallelFor, close } = await startHost({ build, threads, chunks, timeoutMs });
  const { count, counters } = counter();
  const taken = ({ address, bytes }: HeapBlock): void => {
    if (build === "debug") new Float32Array(memory.buffer, address, bytes / F32_BYTES).fill(NaN);
  };
  const { heap, trial, regions, take, access } = heapRegions(base, { reach: (end) => reachTo(memory, end), taken });
  const at = (t: Tensor): number => regions.live(t, "wasm").address;
  const view = (t: Tensor): Float32Array => new Float32Array(memory.buffer, at(t), size(t.shape));
  const own: Access = { wasm, parallelFor, at, view };
  const loops = { ...elementwise(own), ...reduce(own), ...move(own), matmul: matmul(own) };
  const heapAccess = access((macs) => count(1, macs));
  const kernels = kernelsOf({ regions, take, loops, fused: fusedKernels(parallelFor)(heapAccess), count });
  const plan = kernelsOf({ regions, take, loops: null, fused: fusedKernels(null)(heapAccess), count: () => undefined });
  const planned = <T>(held: T, program: (k: Kernels, held: T) => unknown): number => {
    return base + plannedTop({ heap, trial }, plan, held, program);
  };
  return {
    name: build === "fma" ? "wasm-fma" : "wasm",
    precision: "f32",
    kernels,
    read: (t) => Promise.resolve(view(t).slice()),
    readNow: (t) => view(t).slice(),
    release: (tree) => regions.release(tree, "released"),
    reserve: (held, program) => reserveTo(memory, planned(held, program)),
    plan: (held, program) => Math.max(memory.buffer.byteLength, inPages(planned(held, program))),
    capacity: MOST_BYTES,
    memory: () => {
      const { live, peak, top } = heap.report();
      return { live, peak, fresh: top, reserved: memory.buffer.byteLength };
    },
    counters,
    close,
  };
}
