/** The random multipliers of drop path (E31) and dropout, in one dispatch. */
import { keepMask } from "../../../ops/keepMask.ts";
import { fuse } from "../../../ops/observe.ts";
import { size } from "../../../tensor/tensor.ts";
import { keptDraws } from "../kernels/draws.ts";
import type { FusedKernel } from "./kernel.ts";

export const keepMaskKernel: FusedKernel = ({ run }, { take }) => {
  const kernel: typeof keepMask = {
    name: keepMask.name,
    run: (_, _none, { key, shape, rate }) => {
      const mask = take(shape);
      run(keptDraws(size(shape), key, rate, 1 / (1 - rate)), mask);
      return mask;
    },
  };
  return fuse(keepMask, kernel);
};
