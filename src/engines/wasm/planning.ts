/** The engine without a memory of its own: every kernel is chosen and cut into chunks, and none is run. It shows what a program would call. */
import type { Engine } from "../../kernels/engine.ts";
import { size } from "../../tensor/tensor.ts";
import { counter } from "../counters.ts";
import { heapRegions } from "../heap.ts";
import { kernelsOf } from "../region.ts";
import type { Access } from "./access.ts";
import { elementwise } from "./elementwise.ts";
import { fusedKernels } from "./fused/table.ts";
import { matmul } from "./matmul.ts";
import type { Exports } from "./module.ts";
import { move } from "./move.ts";
import { chunkCount, type ParallelFor } from "./parallelFor.ts";
import { reduce } from "./reduce.ts";

export interface PlanningOptions {
  /** Threads of the engine that it plans for. */
  readonly threads: number;
  /** Called for each kernel, an export of the module, with the number of chunks that its work is cut into. */
  readonly called: (kernel: string, chunks: number) => void;
}

/** Exports that compute nothing: each says that it was called. */
function exportsThatReport(called: PlanningOptions["called"]): Exports {
  const none: Exports = Object.create(null);
  return new Proxy(none, { get: (_, name) => () => called(String(name), 1) });
}

/** `read` has nothing to give and rejects. */
export function planningEngine({ threads, called }: PlanningOptions): Engine {
  const { count, counters } = counter();
  const parallelFor: ParallelFor = (kernel, total, minimumChunk) => {
    if (total > 0) called(kernel, Math.max(1, chunkCount(threads, total, minimumChunk)));
  };
  const { heap, regions, take, access } = heapRegions(0, { reach: () => undefined, taken: () => undefined });
  const own: Access = {
    wasm: exportsThatReport(called),
    parallelFor,
    at: (t) => regions.live(t, "wasm").address,
    view: ({ shape }) => new Float32Array(size(shape)),
  };
  const loops = { ...elementwise(own), ...reduce(own), ...move(own), matmul: matmul(own) };
  return {
    name: "wasm",
    precision: "f32",
    kernels: kernelsOf({ regions, take, loops, fused: fusedKernels(parallelFor)(access((macs) => count(1, macs))), count }),
    read: () => Promise.reject(new Error("wasm: a plan has shapes and no numbers")),
    release: (tree) => regions.release(tree, "released"),
    reserve: () => undefined,
    plan: () => 0,
    capacity: Infinity,
    memory: () => {
      const { live, peak, top } = heap.report();
      return { live, peak, fresh: top, reserved: top };
    },
    counters,
    close: () => undefined,
  };
}
