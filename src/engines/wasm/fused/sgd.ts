/** SGD of one parameter (E36), in place. The gradient of the first step becomes the buffer. */
import { fuse } from "../../../ops/observe.ts";
import { size } from "../../../tensor/tensor.ts";
import { sgdLeaf } from "../../../train/optimizer/sgd.ts";
import { F32_BYTES } from "../../heap.ts";
import { MOVED_PER_CHUNK } from "../parallelFor.ts";
import type { FusedKernel } from "./kernel.ts";

export const sgdKernel: FusedKernel = (parallelFor, { takeOver, address: at }) => {
  const kernel: typeof sgdLeaf = {
    name: sgdLeaf.name,
    run: (k, { grad, finite, ...old }, { lr, momentum, nesterov, weightDecay }) => {
      const first = old.buffer === null;
      const [theta, buffer] = [takeOver(old.theta), takeOver(old.buffer ?? grad)];
      const g = at(first ? buffer : grad);
      parallelFor("sgd", size(theta.shape), MOVED_PER_CHUNK, (i, n) => {
        const offset = i * F32_BYTES;
        const flag = finite === null ? 0 : at(finite);
        return [at(theta) + offset, at(buffer) + offset, g + offset, flag, n, first, nesterov, lr, momentum, weightDecay];
      });
      if (!first) k.donate(grad);
      return { theta, buffer };
    },
  };
  return fuse(sgdLeaf, kernel);
};
