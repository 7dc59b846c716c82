/** The abstract engine: shapes, multiply–adds and bytes of a program in f32, and no numbers. What it counts is what an f32 heap would use. */
import type { Engine } from "../../kernels/engine.ts";
import type { FusedTable } from "../../kernels/kernels.ts";
import { counter } from "../counters.ts";
import { heapRegions, type HeapAccess } from "../heap.ts";
import { kernelsOf, type Loops } from "../region.ts";

/**
 * Runs any model code at no cost; `read` has nothing to give and rejects.
 *
 * @param fused the fused kernels of the engine that it plans for, which take memory and compute nothing; default: none
 * @param loops what is done in place of each kernel's loop (arithmetic.ts); default: nothing
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
