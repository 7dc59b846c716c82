/** Random multipliers of mean 1, from which drop path (E31) and dropout are made. */
import type { Kernels } from "../kernels/kernels.ts";
import type { Key } from "../tensor/key.ts";
import type { Shape, Tensor } from "../tensor/tensor.ts";
import { defineRoutine, type Routine } from "./op.ts";

/** What `keepMask` draws. */
export interface KeepMaskAttrs {
  /** The key that the mask is drawn from. */
  readonly key: Key;
  /** Shape of the mask. */
  readonly shape: Shape;
  /** The share that is dropped, 0 ≤ rate < 1. */
  readonly rate: number;
}

/** → [...shape]: 0 with probability `rate`, else 1/(1 − rate). A draw, uniform on [0, 1), is ≥ rate with probability 1 − rate. */
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
