/** Queries, keys and values of each head, permuted out of the joint projection without a slice in between. */
import { fuse, withoutFusion } from "../../../ops/observe.ts";
import { splitHeads } from "../../../ops/splitHeads.ts";
import type { Tensor } from "../../../tensor/tensor.ts";
import { F32_BYTES } from "../../heap.ts";
import { parallelPermute } from "../move.ts";
import type { FusedKernel } from "./kernel.ts";

export const splitHeadsKernel: FusedKernel = (parallelFor, { take, address: at }) => {
  const kernel: typeof splitHeads = {
    name: splitHeads.name,
    forward: (k, { qkv }, { heads: h }) => {
      const [B = 0, T = 0, threeD = 0] = qkv.shape;
      const d = threeD / 3 / h;
      if (!Number.isInteger(d)) return splitHeads.forward(withoutFusion(k, splitHeads), { qkv }, { heads: h }); // throws
      const role = (i: number): Tensor => {
        const t = take([B, h, T, d]);
        parallelPermute(parallelFor, at(t), at(qkv) + i * h * d * F32_BYTES, t.shape, [T * threeD, d, threeD, 1]);
        return t;
      };
      return { out: { q: role(0), k: role(1), v: role(2) }, saved: null };
    },
    vjp: (k, saved, dOut) => splitHeads.vjp(withoutFusion(k, splitHeads), saved, dOut),
  };
  return fuse(splitHeads, kernel);
};
