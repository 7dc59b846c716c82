/** GELU, element by element. */
import { gelu } from "../../../ops/gelu.ts";
import { fuse } from "../../../ops/observe.ts";
import { size } from "../../../tensor/tensor.ts";
import { F32_BYTES } from "../../heap.ts";
import { COMPUTED_PER_CHUNK } from "../parallelFor.ts";
import type { FusedKernel } from "./kernel.ts";

export const geluKernel: FusedKernel = (parallelFor, { take, address: at }) => {
  const kernel: typeof gelu = {
    name: gelu.name,
    forward: (_, { x }) => {
      const y = take(x.shape);
      parallelFor("geluEach", size(x.shape), COMPUTED_PER_CHUNK, (i, n) => [at(y) + i * F32_BYTES, at(x) + i * F32_BYTES, n]);
      return { out: y, saved: { x } };
    },
    vjp: (_, { x }, dy) => {
      const dx = take(x.shape);
      parallelFor("geluVjpEach", size(x.shape), COMPUTED_PER_CHUNK, (i, n) => {
        return [at(dx) + i * F32_BYTES, at(x) + i * F32_BYTES, at(dy) + i * F32_BYTES, n];
      });
      return { x: dx };
    },
  };
  return fuse(gelu, kernel);
};
