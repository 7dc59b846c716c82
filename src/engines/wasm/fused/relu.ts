/** ReLU, element by element. */
import { fuse } from "../../../ops/observe.ts";
import { relu } from "../../../teacher/relu.ts";
import { size } from "../../../tensor/tensor.ts";
import { F32_BYTES } from "../../heap.ts";
import { MOVED_PER_CHUNK } from "../parallelFor.ts";
import type { FusedKernel } from "./kernel.ts";

export const reluKernel: FusedKernel = (parallelFor, { take, address: at }) => {
  const kernel: typeof relu = {
    name: relu.name,
    forward: (_, { x }) => {
      const y = take(x.shape);
      parallelFor("reluEach", size(x.shape), MOVED_PER_CHUNK, (i, n) => [at(y) + i * F32_BYTES, at(x) + i * F32_BYTES, n]);
      return { out: y, saved: { y } };
    },
    vjp: (_, { y }, dy) => {
      const dx = take(y.shape);
      parallelFor("reluVjpEach", size(y.shape), MOVED_PER_CHUNK, (i, n) => {
        return [at(dx) + i * F32_BYTES, at(y) + i * F32_BYTES, at(dy) + i * F32_BYTES, n];
      });
      return { x: dx };
    },
  };
  return fuse(relu, kernel);
};
