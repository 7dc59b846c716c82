/** The WASM kernels on a memory of their own, without an engine. */
import { load, MOST_PAGES, type Exports } from "../engines/wasm/module.ts";

export interface BareKernels {
  readonly wasm: Exports;
  readonly memory: WebAssembly.Memory;
  /** Address of the caller's bytes, which no kernel uses for itself; a multiple of 64. */
  readonly free: number;
}

const PAGE = 64 * 1024;
/** Pages for the kernels' static data. */
const STATIC = 16;

/** Lays the memory out as the engine does: static data, scratch, then `bytes` bytes for the caller. */
export async function bareKernels(bytes: number): Promise<BareKernels> {
  const memory = new WebAssembly.Memory({ initial: STATIC, maximum: MOST_PAGES });
  const wasm = await load("release", memory);
  const scratch = wasm.firstFree();
  const free = scratch + wasm.scratchBytes();
  memory.grow(Math.max(0, Math.ceil((free + bytes) / PAGE) - STATIC));
  wasm.useScratch(scratch);
  return { wasm, memory, free };
}
