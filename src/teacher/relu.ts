/**
 * Rectified linear unit.
 *
 *   y = x where x > 0, else 0          x̄ = ȳ where x > 0, else 0: the derivative at 0 is 0, as in PyTorch
 *
 * The VJP reads y instead of x: y > 0 exactly where x > 0, and the next layer saves y anyway.
 */
import type { Kernels } from "../kernels/kernels.ts";
import { defineOp, type Op } from "../ops/op.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** What `relu` differentiates. */
export interface ReluInputs {
  /** Any shape. */
  readonly x: Tensor;
}

/** What the VJP of `relu` reads. */
export interface ReluSaved {
  /** The output: it is positive where the slope is 1. */
  readonly y: Tensor;
}

/** 1 where x > 0, else 0: 1 − step(−x). */
const positive = (k: Kernels, x: Tensor): Tensor => k.addScalar(k.scale(k.step(k.scale(x, -1)), -1), 1);

/** [...] → [...] */
export const relu: Op<ReluInputs, ReluSaved> = defineOp({
  name: "relu",
  shapes: { inputs: { x: "..." }, saved: { y: "..." }, out: "..." },
  forward(k, { x }) {
    const y = k.mul(x, positive(k, x));
    return { out: y, saved: { y } };
  },
  vjp(k, { y }, dy) {
    return { x: k.mul(dy, positive(k, y)) };
  },
});
