/**
 * Multi-head self-attention.
 *
 *   (E5)  [Q|K|V] = X Wqkvᵀ + bqkv                       rows 0 … D−1 of Wqkv make queries, then keys, then values
 *   (E6)  heads are columns m·d … (m+1)·d − 1
 *   (E7)  O_m = σ(d^(−½) Q_m K_mᵀ) V_m
 *   (E8)  MSA(X) = concat_m(O_m) Woᵀ + bo
 *
 *   (G13)  (G1) for Wo gives Ō; (G12); concatenate [Q̄|K̄|V̄]; (G1) for Wqkv
 */
import type { Kernels } from "../kernels/kernels.ts";
import { attention, type AttentionSaved } from "../ops/attention.ts";
import { dropout, dropoutAt, type DropoutAttrs, type DropoutSaved } from "../ops/dropout.ts";
import { linear, type LinearParams, type LinearSaved } from "../ops/linear.ts";
import { defineOp, type Grads, type Layer, type Op, type Result } from "../ops/op.ts";
import { parts } from "../ops/parts.ts";
import { mergeHeads, splitHeads, type MergeSaved } from "../ops/splitHeads.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** Queries, keys and values in one layer, and the projection after them. */
export interface SelfAttentionParams {
  /** Wqkv, [3D, D] and bqkv, [3D]. */
  readonly qkv: LinearParams;
  /** Wo, [D, D] and bo, [D]. */
  readonly proj: LinearParams;
}

/** Settings of `selfAttention` that are not trained. */
export interface SelfAttentionAttrs {
  /** h, a divisor of D. */
  readonly heads: number;
  /** Of A and after proj (deit.md 6.3). */
  readonly dropout: DropoutAttrs | null;
}

/** What the pullback of `selfAttention` reads. */
export interface SelfAttentionSaved {
  /** Of the layer of queries, keys and values. */
  readonly qkv: LinearSaved;
  /** Of attention, all heads at once. */
  readonly attention: AttentionSaved;
  /** Of joining the heads. */
  readonly context: MergeSaved;
  /** Of the projection. */
  readonly proj: LinearSaved;
  /** Of the dropout after it. */
  readonly drop: DropoutSaved;
}

const { qkv, split, context, proj, proj_drop } = parts({
  qkv: linear,
  split: splitHeads,
  context: mergeHeads,
  proj: linear,
  proj_drop: dropout,
});

function forward(k: Kernels, { x, params }: Layer<SelfAttentionParams>, attrs: SelfAttentionAttrs): Result<Tensor, SelfAttentionSaved> {
  const projected = qkv.forward(k, { x, params: params.qkv }); //                           (E5)
  const roles = split.forward(k, { qkv: projected.out }, attrs); //                         (E6)
  const o = attention.forward(k, roles.out, { dropout: dropoutAt(attrs.dropout, "attn") }); // (E7)
  const heads = context.forward(k, { heads: o.out });
  const y = proj.forward(k, { x: heads.out, params: params.proj }); //                      (E8)
  const out = proj_drop.forward(k, { x: y.out }, dropoutAt(attrs.dropout, "proj"));
  return { out: out.out, saved: { qkv: projected.saved, attention: o.saved, context: heads.saved, proj: y.saved, drop: out.saved } };
}

function vjp(k: Kernels, saved: SelfAttentionSaved, dy: Tensor): Grads<Layer<SelfAttentionParams>> {
  const dDrop = proj_drop.vjp(k, saved.drop, dy);
  const dProj = proj.vjp(k, saved.proj, dDrop.x); //                                        (G13)
  const dHeads = context.vjp(k, saved.context, dProj.x);
  const dRoles = attention.vjp(k, saved.attention, dHeads.heads); //                        (G12)
  const dSplit = split.vjp(k, null, dRoles); //                                             [Q̄|K̄|V̄]
  const dQkv = qkv.vjp(k, saved.qkv, dSplit.qkv);
  return { x: dQkv.x, params: { qkv: dQkv.params, proj: dProj.params } };
}

/** [B, T, D] → [B, T, D] */
export const selfAttention: Op<Layer<SelfAttentionParams>, SelfAttentionSaved, SelfAttentionAttrs> = defineOp({
  name: "selfAttention",
  shapes: {
    inputs: { x: "B T D", params: { qkv: { weight: "3D D", bias: "3D" }, proj: { weight: "D D", bias: "D" } } },
    out: "B T D",
  },
  forward,
  vjp,
});
