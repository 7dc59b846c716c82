/** The abstract engine: it finds the shapes, multiply–adds and bytes of a program without any numbers. Its bytes are those of a heap in f32. */
import type { Engine } from "../../kernels/engine.ts";
import type { FusedTable } from "../../kernels/kernels.ts";
import { counter } from "../counters.ts";
import { heapRegions, type HeapAccess } from "../heap.ts";
import { kernelsOf, type Loops } from "../region.ts";

/**
 * A new abstract engine. It runs any model code at almost no cost; `read` rejects, because there are no numbers.
 *
 * @param fused the fused kernels of the engine that it plans for; they take memory and compute nothing. Default: none
 * @param loops run instead of each kernel's loop, such as those of arithmetic.ts. Default: nothing runs
 */
export function abstractEngine(
  fused: (heap: HeapAccess) => FusedTable = () => ({ get: () => undefined }),
  loops: Loops | null = null,
): Engine {
  const { count, counters } = counter();
  const { heap, regions, take, access } = heapRegions(0, { reach: () => undefined, taken: () => undefined });
  return {
    name: "abstract",
    precision: "f32",
    kernels: kernelsOf({ regions, take, loops, fused: fused(access((macs) => count(1, macs))), count }),
    read: () => Promise.reject(new Error("abstract: this engine has shapes and no numbers")),
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
