/**
 * The classifier heads: a linear layer on each prefix token, without pooling or hidden layers.
 *
 *   (E14)  z_c = Z[:, 0] Wcᵀ + bc                        class logits
 *   (E15)  z_d = Z[:, 1] Wdᵀ + bd                        distillation logits, distilled models only
 *
 *   (G17)  Z̄ is zero except rows 0 and 1: Z̄[:, 0] = z̄_c Wc,  Z̄[:, 1] = z̄_d Wd
 */
import type { Kernels } from "../kernels/kernels.ts";
import { linear, type LinearParams, type LinearSaved } from "../ops/linear.ts";
import { defineOp, type Grads, type Op, type Result } from "../ops/op.ts";
import { parts } from "../ops/parts.ts";
import { token, type TokenSaved } from "../ops/tokens.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** The one or two linear heads. */
export interface HeadsParams {
  /** Wc, [K, D] and bc, [K]. */
  readonly head: LinearParams;
  /** Wd, [K, D] and bd, [K]; null: plain. */
  readonly head_dist: LinearParams | null;
}

/** What `classifierHeads` differentiates. */
export interface HeadsInputs {
  /** Z, [B, T, D]. */
  readonly z: Tensor;
  /** The one or two linear heads. */
  readonly params: HeadsParams;
}

/** z_c and z_d, [B, K] each. */
export interface Logits {
  /** z_c, the class head's logits, [B, K]. */
  readonly head: Tensor;
  /** z_d, the distillation head's logits, [B, K]; null: plain. */
  readonly head_dist: Tensor | null;
}

/** What the VJP of one head reads. */
interface HeadSaved {
  /** Saved by `token`. */
  readonly token: TokenSaved;
  /** Saved by the linear layer. */
  readonly linear: LinearSaved;
}

/** What the VJP of `classifierHeads` reads. */
export interface HeadsSaved {
  /** Saved by the class head. */
  readonly head: HeadSaved;
  /** Saved by the distillation head; null: plain. */
  readonly head_dist: HeadSaved | null;
}

const part = parts({ head: linear, head_dist: linear });

/** The logits of one head, from the token at `index`. */
function headForward(k: Kernels, z: Tensor, index: number, name: keyof Logits, params: LinearParams): Result<Tensor, HeadSaved> {
  const row = token.forward(k, { z }, { index });
  const logits = part[name].forward(k, { x: row.out, params });
  return { out: logits.out, saved: { token: row.saved, linear: logits.saved } };
}

/** The VJP of `headForward`. */
function headVjp(k: Kernels, saved: HeadSaved, name: keyof Logits, dLogits: Tensor): { readonly z: Tensor; readonly params: LinearParams } {
  const dRow = part[name].vjp(k, saved.linear, dLogits);
  return { z: token.vjp(k, saved.token, dRow.x).z, params: dRow.params };
}

function forward(k: Kernels, { z, params }: HeadsInputs): Result<Logits, HeadsSaved> {
  const zc = headForward(k, z, 0, "head", params.head); //                                                 (E14)
  const zd = params.head_dist === null ? null : headForward(k, z, 1, "head_dist", params.head_dist); //    (E15)
  return { out: { head: zc.out, head_dist: zd?.out ?? null }, saved: { head: zc.saved, head_dist: zd?.saved ?? null } };
}

function vjp(k: Kernels, saved: HeadsSaved, dLogits: Grads<Logits>): Grads<HeadsInputs> {
  const dist = saved.head_dist === null || dLogits.head_dist === null ? null : headVjp(k, saved.head_dist, "head_dist", dLogits.head_dist);
  const cls = headVjp(k, saved.head, "head", dLogits.head);
  return { z: dist === null ? cls.z : k.add(cls.z, dist.z), params: { head: cls.params, head_dist: dist?.params ?? null } }; // (G17)
}

/** Z [B, T, D] → logits [B, K] of one or two heads. */
export const classifierHeads: Op<HeadsInputs, HeadsSaved, void, Logits> = defineOp({
  name: "classifierHeads",
  inline: true,
  shapes: {
    inputs: { z: "B T D", params: { head: { weight: "K D", bias: "K" }, head_dist: { weight: "K D", bias: "K" } } },
    out: { head: "B K", head_dist: "B K" },
  },
  forward,
  vjp,
});
