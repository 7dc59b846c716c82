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
  /** Dropout of A and of the output (deit.md 6.3); null: none. */
  readonly dropout: DropoutAttrs | null;
}

/** What the VJP of `selfAttention` reads. */
export interface SelfAttentionSaved {
  /** Saved by the layer of queries, keys and values. */
  readonly qkv: LinearSaved;
  /** Saved by attention, all heads at once. */
  readonly attention: AttentionSaved;
  /** Saved by concatenating the heads. */
  readonly context: MergeSaved;
  /** Saved by the projection. */
  readonly proj: LinearSaved;
  /** Saved by the dropout after it. */
  readonly drop: DropoutSaved;
}

const part = parts({
  qkv: linear,
  split: splitHeads,
  context: mergeHeads,
  proj: linear,
  proj_drop: dropout,
});

function forward(k: Kernels, { x, params }: Layer<SelfAttentionParams>, attrs: SelfAttentionAttrs): Result<Tensor, SelfAttentionSaved> {
  const projected = part.qkv.forward(k, { x, params: params.qkv }); //                        (E5)
  const split = part.split.forward(k, { qkv: projected.out }, attrs); //                      (E6)
  const o = attention.forward(k, split.out, { dropout: dropoutAt(attrs.dropout, "attn") }); // (E7)
  const context = part.context.forward(k, { o: o.out });
  const y = part.proj.forward(k, { x: context.out, params: params.proj }); //                 (E8)
  const out = part.proj_drop.forward(k, { x: y.out }, dropoutAt(attrs.dropout, "proj"));
  return { out: out.out, saved: { qkv: projected.saved, attention: o.saved, context: context.saved, proj: y.saved, drop: out.saved } };
}

function vjp(k: Kernels, saved: SelfAttentionSaved, dy: Tensor): Grads<Layer<SelfAttentionParams>> {
  const dDrop = part.proj_drop.vjp(k, saved.drop, dy);
  const dProj = part.proj.vjp(k, saved.proj, dDrop.x); //                                     (G13)
  const dContext = part.context.vjp(k, saved.context, dProj.x);
  const dAttention = attention.vjp(k, saved.attention, dContext.o); //                        (G12)
  const dSplit = part.split.vjp(k, null, dAttention); //                                      [Q̄|K̄|V̄]
  const dQkv = part.qkv.vjp(k, saved.qkv, dSplit.qkv);
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
