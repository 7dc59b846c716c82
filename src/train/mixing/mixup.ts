/**
 * Mixup: every sample of a batch is blended with its partner, images and targets alike (deit.md 7.9).
 *
 *   (E38)  x_i ← λ x_i + (1 − λ) x_{B−1−i}                        one λ for the batch; DeiT: λ ~ Beta(0.8, 0.8)
 *   (E33)  q_i = λ·smooth(y_i) + (1 − λ)·smooth(y_{B−1−i})        the same function of the smoothed targets
 */
import type { Kernels } from "../../kernels/kernels.ts";
import { defineRoutine, type Routine } from "../../ops/op.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { checkPairs, partners } from "./partners.ts";

/** The images or targets of `mixup`. */
export interface MixupInputs {
  /** Images [B, C, H, W], targets [B, K], or any other [B, ...]; B is even. */
  readonly x: Tensor;
}

/** How strongly samples are blended. */
export interface MixupAttrs {
  /** λ in [0, 1], the weight of the sample itself. */
  readonly lambda: number;
}

/** [B, ...] → [B, ...]. On finite numbers λ = 1 is the identity. */
export const mixup: Routine<MixupInputs, MixupAttrs> = defineRoutine({
  name: "mixup",
  check({ x }, { lambda }) {
    checkPairs("mixup", x);
    if (!(lambda >= 0 && lambda <= 1)) throw new RangeError(`mixup: lambda must be in [0, 1], got ${lambda}`);
  },
  run(k: Kernels, { x }: MixupInputs, { lambda }: MixupAttrs): Tensor {
    return k.add(k.scale(x, lambda), k.scale(partners(k, x), 1 - lambda)); // (E38), (E33)
  },
});
