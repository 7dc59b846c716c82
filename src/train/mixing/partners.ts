/** With whom a sample is mixed: sample i with B − 1 − i, which is the batch in reverse (deit.md 7.9). */
import type { Kernels } from "../../kernels/kernels.ts";
import { ShapeError } from "../../tensor/errors.ts";
import { show, type Tensor } from "../../tensor/tensor.ts";

/**
 * In a batch of odd length the sample in the middle would be mixed with itself.
 *
 * @throws ShapeError unless the first axis is even
 */
export function checkPairs(routine: string, { shape }: Tensor): void {
  const [B = 0] = shape;
  if (B === 0 || B % 2 !== 0) throw new ShapeError(`${routine}: the batch must be even, got ${show(shape)}`);
}

/** x_{B−1−i} for each i, [B, ...] → [B, ...]. */
export function partners(k: Kernels, x: Tensor): Tensor {
  const [B = 0] = x.shape;
  const reversed = Array.from({ length: B }, (_, i) => k.slice(x, 0, B - 1 - i, B - i));
  return k.concat(reversed, 0);
}
