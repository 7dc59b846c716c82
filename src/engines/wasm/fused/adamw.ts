/** AdamW of one parameter (E35), in place. */
import { fuse } from "../../../ops/observe.ts";
import { size } from "../../../tensor/tensor.ts";
import { adamwLeaf } from "../../../train/optimizer/adamw.ts";
import { F32_BYTES } from "../../heap.ts";
import { MOVED_PER_CHUNK } from "../parallelFor.ts";
import type { FusedKernel } from "./kernel.ts";

export const adamwKernel: FusedKernel = (parallelFor, { takeOver, address: at }) => {
  const kernel: typeof adamwLeaf = {
    name: adamwLeaf.name,
    run: (k, { grad, finite, rate, unbias, ...old }, { lr, beta1, beta2, eps, weightDecay }) => {
      const [theta, m, v] = [takeOver(old.theta), takeOver(old.m), takeOver(old.v)];
      const scalars = [at(rate), at(unbias), finite === null ? 0 : at(finite)] as const;
      const settings = [1 - lr * weightDecay, beta1, 1 - beta1, beta2, 1 - beta2, eps] as const;
      parallelFor("adamw", size(theta.shape), MOVED_PER_CHUNK, (i, n) => {
        const offset = i * F32_BYTES;
        return [at(theta) + offset, at(m) + offset, at(v) + offset, at(grad) + offset, ...scalars, n, ...settings];
      });
      k.donate(grad);
      return { theta, m, v };
    },
  };
  return fuse(adamwLeaf, kernel);
};
