/**
 * From one projection to the queries, keys and values of h heads, and from the outputs of the heads back to one tensor.
 *
 *   (E6)  a row of qkv is (query, key or value; head; channel): head m of Q is columns m·d … (m+1)·d − 1 of the first third, and so on
 *   (E8)  concat_m(O_m): the heads are concatenated again
 *
 * Both ops only move numbers, so their VJPs move them back.
 */
import type { Kernels } from "../kernels/kernels.ts";
import { axis, type Tensor } from "../tensor/tensor.ts";
import { defineOp, type Op } from "./op.ts";

/** What `splitHeads` differentiates. */
export interface SplitInputs {
  /** [B, T, 3D] */
  readonly qkv: Tensor;
}

/** Settings of `splitHeads` that are not trained. */
export interface SplitAttrs {
  /** h, a divisor of D. */
  readonly heads: number;
}

/** Each [B, h, T, d]. */
export interface QueriesKeysValues {
  /** Queries, [B, h, T, d]. */
  readonly q: Tensor;
  /** Keys, [B, h, T, d]. */
  readonly keys: Tensor;
  /** Values, [B, h, T, d]. */
  readonly values: Tensor;
}

/** [B, T, 3D] → Q, K, V, each [B, h, T, d]. */
export const splitHeads: Op<SplitInputs, null, SplitAttrs, QueriesKeysValues> = defineOp({
  name: "splitHeads",
  shapes: { inputs: { qkv: "B T 3D" }, out: { q: "B h T d", keys: "B h T d", values: "B h T d" } },
  check({ qkv }, { heads }) {
    const D = axis(qkv.shape, -1) / 3;
    if (!Number.isInteger(D / heads)) throw new RangeError(`splitHeads: heads must divide D = ${D}, got ${heads}`);
  },
  forward(k, { qkv }, { heads: h }) {
    const [B = 0, T = 0, threeD = 0] = qkv.shape;
    const d = threeD / 3 / h;
    const thirds = k.permute(k.reshape(qkv, [B, T, 3, h, d]), [2, 0, 3, 1, 4]); // [3, B, h, T, d]
    const third = (i: number): Tensor => k.reshape(k.slice(thirds, 0, i, i + 1), [B, h, T, d]);
    return { out: { q: third(0), keys: third(1), values: third(2) }, saved: null };
  },
  vjp(k, _, { q: dQ, keys: dK, values: dV }) {
    const [B = 0, h = 0, T = 0, d = 0] = dQ.shape;
    const third = (t: Tensor): Tensor => k.reshape(t, [1, B, h, T, d]);
    const thirds = k.concat([third(dQ), third(dK), third(dV)], 0);
    return { qkv: k.reshape(k.permute(thirds, [1, 3, 0, 2, 4]), [B, T, 3 * h * d]) };
  },
});

/** What `mergeHeads` differentiates. */
export interface MergeInputs {
  /** O, [B, h, T, d]. */
  readonly o: Tensor;
}

/** What the VJP of `mergeHeads` reads. */
export interface MergeSaved {
  /** h */
  readonly heads: number;
}

/** [B, h, T, d] → [B, T, D] */
export const mergeHeads: Op<MergeInputs, MergeSaved> = defineOp({
  name: "mergeHeads",
  shapes: { inputs: { o: "B h T d" } },
  forward(k, { o }) {
    const [B = 0, h = 0, T = 0, d = 0] = o.shape;
    return { out: k.reshape(k.permute(o, [0, 2, 1, 3]), [B, T, h * d]), saved: { heads: h } };
  },
  vjp(k: Kernels, { heads: h }, dOut) {
    const [B = 0, T = 0] = dOut.shape;
    return { o: k.permute(k.reshape(dOut, [B, T, h, axis(dOut.shape, -1) / h]), [0, 2, 1, 3]) };
  },
});
