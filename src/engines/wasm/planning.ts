/** The WASM engine's kernels without a module: each call is divided into chunks and reported, and none computes. They show what a program would call. */
import type { Kernels } from "../../kernels/kernels.ts";
import { size } from "../../tensor/tensor.ts";
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
  /** The threads of the engine. */
  readonly threads: number;
  /** Called for each kernel, an export of the module, with the number of chunks into which its work is divided. */
  readonly called: (kernel: string, chunks: number) => void;
}

/** Exports that compute nothing: each reports that it was called. */
function exportsThatReport(called: PlanningOptions["called"]): Exports {
  const none: Exports = Object.create(null);
  return new Proxy(none, { get: (_, name) => () => called(String(name), 1) });
}

/** Kernels that report the calls to the module's exports which the WASM engine would make. */
export function planningKernels({ threads, called }: PlanningOptions): Kernels {
  const parallelFor: ParallelFor = (kernel, total, minimumChunk) => {
    if (total > 0) called(kernel, Math.max(1, chunkCount(threads, total, minimumChunk)));
  };
  const { regions, take, access } = heapRegions(0, { reach: () => undefined, taken: () => undefined });
  const own: Access = {
    wasm: exportsThatReport(called),
    parallelFor,
    at: (t) => regions.live(t, "wasm").address,
    view: ({ shape }) => new Float32Array(size(shape)),
  };
  const loops = { ...elementwise(own), ...reduce(own), ...move(own), matmul: matmul(own) };
  const count = (): void => undefined;
  return kernelsOf({ regions, take, loops, fused: fusedKernels(parallelFor)(access(count)), count });
}
