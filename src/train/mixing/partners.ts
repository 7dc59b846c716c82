/** The partner that a sample is mixed with: sample B − 1 − i for sample i, so the partners are the batch in reverse order (deit.md 7.9). */
import type { Kernels } from "../../kernels/kernels.ts";
import { ShapeError } from "../../tensor/errors.ts";
import { show, type Tensor } from "../../tensor/tensor.ts";

/**
 * Checks that the batch is even. In an odd batch the sample in the middle would be mixed with itself.
 *
 * @throws ShapeError unless the length of the first axis is even and not 0
 */
export function checkPairs(routine: string, { shape }: Tensor): void {
  const [B = 0] = shape;
  if (B === 0 || B % 2 !== 0) throw new ShapeError(`${routine}: the batch must be even, got ${show(shape)}`);
}

/** The partner x_{B−1−i} of each sample i, [B, ...] → [B, ...]. */
export function partners(k: Kernels, x: Tensor): Tensor {
  const [B = 0] = x.shape;
  const reversed = Array.from({ length: B }, (_, i) => k.slice(x, 0, B - 1 - i, B - i));
  return k.concat(reversed, 0);
}
