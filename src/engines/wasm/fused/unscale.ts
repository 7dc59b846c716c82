/** Gradients divided by the loss scale, in place, and whether all of them are finite. */
import { fuse } from "../../../ops/observe.ts";
import { size } from "../../../tensor/tensor.ts";
import { unscaledLeaf } from "../../../train/optimizer/lossScale.ts";
import { F32_BYTES } from "../../heap.ts";
import { MOVED_PER_CHUNK } from "../parallelFor.ts";
import type { FusedKernel } from "./kernel.ts";

export const unscaleKernel: FusedKernel = (parallelFor, { take, takeOver, address: at }) => {
  const kernel: typeof unscaledLeaf = {
    name: unscaledLeaf.name,
    run: (_, { grad: scaled, inverse }) => {
      const [finite, grad] = [take([1]), takeOver(scaled)];
      parallelFor("clear", 1, 1, () => [at(finite), 1]);
      parallelFor("addScalar", 1, 1, () => [at(finite), at(finite), 1, 1]);
      parallelFor("unscale", size(grad.shape), MOVED_PER_CHUNK, (i, n) => [at(grad) + i * F32_BYTES, at(finite), at(inverse), n]);
      return { grad, finite };
    },
  };
  return fuse(unscaledLeaf, kernel);
};
