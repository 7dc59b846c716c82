/**
 * Global average pooling: an image becomes one number per channel.
 *
 *   m = mean_HW(x)
 *
 *   (G21)  x̄ = m̄/(HW), the same for every pixel
 */
import type { Kernels } from "../kernels/kernels.ts";
import { defineOp, type Grads, type Op, type Result } from "../ops/op.ts";
import { axis, type Tensor } from "../tensor/tensor.ts";
import { pixels } from "./pixels.ts";

/** What `averagePool` differentiates. */
export interface AveragePoolInputs {
  /** [B, C, H, W] */
  readonly x: Tensor;
}

/** What the VJP of `averagePool` reads: H and W. */
export interface AveragePoolSaved {
  /** H. */
  readonly rows: number;
  /** W. */
  readonly columns: number;
}

function forward(k: Kernels, { x }: AveragePoolInputs): Result<Tensor, AveragePoolSaved> {
  const [B = 0, C = 0, H = 0, W = 0] = x.shape;
  const m = k.reshape(k.meanLast(pixels(k, x)), [B, C]);
  return { out: m, saved: { rows: H, columns: W } };
}

function vjp(k: Kernels, { rows: H, columns: W }: AveragePoolSaved, dm: Tensor): Grads<AveragePoolInputs> {
  const [B, C] = [axis(dm.shape, 0), axis(dm.shape, 1)];
  const share = k.reshape(k.scale(dm, 1 / (H * W)), [B, C, 1]); //    (G21)
  const dx = k.add(k.zeros([B, C, H * W]), share);
  return { x: k.reshape(dx, [B, C, H, W]) };
}

/** [B, C, H, W] → [B, C] */
export const averagePool: Op<AveragePoolInputs, AveragePoolSaved> = defineOp({
  name: "averagePool",
  shapes: { inputs: { x: "B C H W" }, out: "B C" },
  forward,
  vjp,
});
