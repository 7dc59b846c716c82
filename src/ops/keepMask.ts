/** Random multipliers that keep the mean: the one draw behind drop path (E31) and dropout. */
import type { Kernels } from "../kernels/kernels.ts";
import type { Key } from "../tensor/key.ts";
import type { Shape, Tensor } from "../tensor/tensor.ts";

/**
 * 0 with probability `rate`, else 1/(1 − rate): 1 − rate of the draws, uniform on [0, 1), are ≥ rate.
 *
 * @throws RangeError unless 0 ≤ rate < 1
 */
export function keepMask(k: Kernels, key: Key, shape: Shape, rate: number): Tensor {
  if (!(rate >= 0 && rate < 1)) throw new RangeError(`drop rate must be in [0, 1), got ${rate}`);
  const kept = k.step(k.addScalar(k.uniform(key, shape), -rate));
  return k.scale(kept, 1 / (1 - rate));
}
