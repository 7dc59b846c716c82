/** The pixels of an image as one axis. */
import type { Kernels } from "../kernels/kernels.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** [B, C, H, W] → [B, C, H·W] */
export function pixels(k: Kernels, x: Tensor): Tensor {
  const [B = 0, C = 0, H = 0, W = 0] = x.shape;
  return k.reshape(x, [B, C, H * W]);
}
