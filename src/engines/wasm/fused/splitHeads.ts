/** Queries, keys and values of each head, permuted out of the joint projection without a slice in between. */
import type { Fused } from "../../../kernels/kernels.ts";
import { fuse } from "../../../ops/observe.ts";
import { splitHeads } from "../../../ops/splitHeads.ts";
import type { Tensor } from "../../../tensor/tensor.ts";
import { F32_BYTES } from "../../heap.ts";
import { parallelPermute } from "../move.ts";
import type { FusedKernel } from "./kernel.ts";

export const splitHeadsKernel: FusedKernel = (parallelFor, { take, address: at }) => {
  const kernel: Fused<typeof splitHeads> = {
    name: splitHeads.name,
    forward: (_, { qkv }, { heads: h }) => {
      const [B = 0, T = 0, threeD = 0] = qkv.shape;
      const d = threeD / 3 / h;
      const role = (i: number): Tensor => {
        const t = take([B, h, T, d]);
        parallelPermute(parallelFor, at(t), at(qkv) + i * h * d * F32_BYTES, t.shape, [T * threeD, d, threeD, 1]);
        return t;
      };
      return { out: { q: role(0), keys: role(1), values: role(2) }, saved: null };
    },
  };
  return fuse(splitHeads, kernel);
};
