/** Random multipliers that keep the mean: the one draw behind drop path (E31) and dropout. */
import type { Kernels } from "../kernels/kernels.ts";
import type { Key } from "../tensor/key.ts";
import type { Shape, Tensor } from "../tensor/tensor.ts";
import { defineRoutine, type Routine } from "./op.ts";

/** What `keepMask` draws. */
export interface KeepMaskAttrs {
  /** What the mask is drawn from. */
  readonly key: Key;
  /** Of the mask. */
  readonly shape: Shape;
  /** Of what is dropped, 0 ≤ rate < 1. */
  readonly rate: number;
}

/** 0 with probability `rate`, else 1/(1 − rate): 1 − rate of the draws, uniform on [0, 1), are ≥ rate. Nothing → [...shape] */
export const keepMask: Routine<null, KeepMaskAttrs> = defineRoutine({
  name: "keepMask",
  check(_, { rate }) {
    if (!(rate >= 0 && rate < 1)) throw new RangeError(`keepMask: rate must be in [0, 1), got ${rate}`);
  },
  run(k: Kernels, _: null, { key, shape, rate }: KeepMaskAttrs): Tensor {
    const kept = k.step(k.addScalar(k.uniform(key, shape), -rate));
    return k.scale(kept, 1 / (1 - rate));
  },
});
