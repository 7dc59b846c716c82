/**
 * Gradient clipping by the norm of the whole gradient (ViT's recipe; DeiT's has none).
 *
 *          ḡ ← ḡ · c / max(c, ‖ḡ‖)        ‖ḡ‖ over all parameters
 *
 * The norm stays on the engine, so that a step never waits for it to be read.
 */
import type { Kernels } from "../../kernels/kernels.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { mapTree, named } from "../../tensor/tree.ts";

/** ‖ḡ‖, [1]. */
export function globalNorm(k: Kernels, grads: unknown): Tensor {
  const squares = [...named(grads).values()].map((g) => k.reshape(k.sumLeading(k.square(g), g.shape.length), [1]));
  return k.sqrt(k.sumLast(k.concat(squares, 0)));
}

/** Gradients of norm at most `maxNorm`, in the same direction. Consumes `grads`. */
export function clip<P>(k: Kernels, grads: P, maxNorm: number): P {
  if (!(maxNorm > 0)) throw new RangeError(`clip: maxNorm must be > 0, got ${maxNorm}`);
  const limit = k.upload([1], [maxNorm]);
  const divisor = k.maxLast(k.concat([limit, globalNorm(k, grads)], 0)); // max(c, ‖ḡ‖), [1]
  const factor = k.reshape(k.div(limit, divisor), []);
  return mapTree(grads, (g) => {
    const clipped = k.mul(g, factor);
    k.donate(g);
    return clipped;
  });
}
