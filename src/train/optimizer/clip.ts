/**
 * Gradient clipping by the norm of the whole gradient (ViT's recipe; DeiT's has none).
 *
 *          ḡ ← ḡ · c / max(c, ‖ḡ‖)        ‖ḡ‖ over all parameters
 *
 * The norm stays on the engine, so that a step never waits for it to be read.
 */
import type { Kernels } from "../../kernels/kernels.ts";
import { defineRoutine, type Routine } from "../../ops/op.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { mapTree, named } from "../../tensor/tree.ts";
import type { ByName } from "./eachLeaf.ts";

/** ‖ḡ‖, [1]. */
export const normOfLeaves: Routine<ByName<Tensor>> = defineRoutine({
  name: "globalNorm",
  run(k: Kernels, grads: ByName<Tensor>): Tensor {
    const squares = Object.values(grads).map((g) => k.reshape(k.sumLeading(k.square(g), g.shape.length), [1]));
    return k.sqrt(k.sumLast(k.concat(squares, 0)));
  },
});

/** Gradients, and what they are multiplied by. */
export interface Clippable {
  /** By the names of the parameters. */
  readonly grads: ByName<Tensor>;
  /** c / max(c, ‖ḡ‖), []. */
  readonly factor: Tensor;
}

/** All gradients times the factor. Consumes the gradients, not the factor. */
export const clippedLeaves: Routine<Clippable, void, ByName<Tensor>> = defineRoutine({
  name: "clip",
  run(k: Kernels, { grads, factor }: Clippable): ByName<Tensor> {
    return mapTree(grads, (g) => {
      const clipped = k.mul(g, factor);
      k.donate(g);
      return clipped;
    });
  },
});

/** ‖ḡ‖ of all leaves of a tree, [1]. */
export const globalNorm = (k: Kernels, grads: unknown): Tensor => normOfLeaves.run(k, Object.fromEntries(named(grads)));

/**
 * Gradients of norm at most `maxNorm`, in the same direction. Consumes `grads`, not the norm.
 *
 * @param norm ‖ḡ‖, where it is known
 * @throws RangeError unless `maxNorm` is above 0
 */
export function clip<P>(k: Kernels, grads: P, maxNorm: number, norm: Tensor = globalNorm(k, grads)): P {
  if (!(maxNorm > 0)) throw new RangeError(`clip: maxNorm must be > 0, got ${maxNorm}`);
  const limit = k.upload([1], [maxNorm]);
  const divisor = k.maxLast(k.concat([limit, norm], 0)); // max(c, ‖ḡ‖), [1]
  const factor = k.reshape(k.div(limit, divisor), []);
  const clipped = clippedLeaves.run(k, { grads: Object.fromEntries(named(grads)), factor });
  return mapTree(grads, (g, name) => clipped[name] ?? g);
}
