/** How much memory a program needs, found by running it on shapes alone. */
import type { Kernels } from "../kernels/kernels.ts";
import { mapTree } from "../tensor/tree.ts";
import type { HeapRegions } from "./heap.ts";

/**
 * How far the heap must reach while a program runs, in bytes from the start of the heap: what is taken already, and what the program raises the
 * top of the heap by. The heap is the same afterwards.
 *
 * @param plan kernels over the same regions that take memory and compute nothing
 * @param held what lives already and the program may consume; the program gets tensors of the same shapes in its place
 */
export function plannedTop<T>(
  { heap, trial }: Pick<HeapRegions, "heap" | "trial">,
  plan: Kernels,
  held: T,
  program: (k: Kernels, held: T) => unknown,
): number {
  let bytes = 0;
  trial((top) =>
    plan.region("plan", () => {
      const standIn = mapTree(held, (t) => plan.zeros(t.shape));
      const before = top();
      program(plan, standIn);
      bytes = top() - before;
      return null;
    }),
  );
  return heap.report().top + bytes;
}
