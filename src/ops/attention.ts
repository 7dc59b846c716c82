/**
 * The attention core, head by head: Tq queries are compared with Tk keys, and the resulting weights average the Tk values (Tq = Tk = T in
 * self-attention).
 *
 *   (E7)   S = d^(−½) Q Kᵀ      A = σ(S), each row sums to 1      O = A V
 *
 *   (G12)  V̄ = Aᵀ Ō             Ā = Ō Vᵀ
 *          S̄ = A ⊙ (Ā − ⟨Ā, A⟩)                                   softmax's own VJP (G2)
 *          Q̄ = d^(−½) S̄ K       K̄ = d^(−½) S̄ᵀ Q
 *
 * The scale uses the head width d, not the width D. S, A and O each come from an op of their own, so that each has a path and can be recorded.
 *
 * S and A, Tq × Tk numbers each, are freed when the forward returns, and the VJP computes them again. The memory of what is saved grows with
 * Tq + Tk, not with Tq · Tk: Q, K, V, and two tensors with which a kernel can compute A tile by tile, without ever holding a whole row of it:
 *
 *          A = e^(S − λ)         λ = log Σ e^S, one number a row
 *          ⟨Ā, A⟩ = ⟨Ō, O⟩       known before any element of Ā is
 *
 * Both hold under dropout as well: with O = (m ⊙ A) V and Ā = m ⊙ (Ō Vᵀ), ⟨Ā, A⟩ = ⟨Ō Vᵀ, m ⊙ A⟩ = ⟨Ō, O⟩.
 */
import type { Kernels } from "../kernels/kernels.ts";
import { axis, type Tensor } from "../tensor/tensor.ts";
import { dropout, type DropoutAttrs } from "./dropout.ts";
import { defineOp, type Grads, type Op, type Result } from "./op.ts";
import { parts } from "./parts.ts";
import { softmax } from "./softmax.ts";

/** What `scores` differentiates. */
export interface ScoresInputs {
  /** Q, [..., Tq, d]. */
  readonly q: Tensor;
  /** K, [..., Tk, d]. */
  readonly keys: Tensor;
}

/** S = d^(−½) Q Kᵀ, [..., Tq, Tk]. */
export const scores: Op<ScoresInputs, ScoresInputs> = defineOp({
  name: "scores",
  forward(k, { q, keys }) {
    const S = k.scale(k.matmul(q, keys, { tb: true }), axis(q.shape, -1) ** -0.5); //    (E7)
    return { out: S, saved: { q, keys } };
  },
  vjp(k, { q, keys }, dS) {
    const dQKt = k.scale(dS, axis(q.shape, -1) ** -0.5); //                              cotangent of Q Kᵀ
    return { q: k.matmul(dQKt, keys), keys: k.matmul(dQKt, q, { ta: true }) }; //        (G12)
  },
});

/** What `mix` differentiates. */
export interface MixInputs {
  /** A, [..., Tq, Tk]. */
  readonly probs: Tensor;
  /** V, [..., Tk, d]. */
  readonly values: Tensor;
}

/** O = A V, [..., Tq, d]. */
export const mix: Op<MixInputs, MixInputs> = defineOp({
  name: "mix",
  forward(k, { probs, values }) {
    return { out: k.matmul(probs, values), saved: { probs, values } }; //                (E7)
  },
  vjp(k, { probs, values }, dO) {
    return { probs: k.matmul(dO, values, { tb: true }), values: k.matmul(probs, dO, { ta: true }) }; // (G12)
  },
});

/** What `attention` differentiates. */
export interface AttentionInputs extends ScoresInputs {
  /** V, [..., Tk, d]. */
  readonly values: Tensor;
}

/** Settings of `attention` that are not trained. */
export interface AttentionAttrs {
  /** Dropout of A (deit.md 6.3); null: none. */
  readonly dropout: DropoutAttrs | null;
}

/** What the VJP of `attention` reads. */
export interface AttentionSaved extends AttentionInputs {
  /** O, [..., Tq, d]. Only kernels that never hold whole rows of A read it. */
  readonly out: Tensor;
  /** λ, [..., Tq, 1]. Only kernels that never hold whole rows of A read it. */
  readonly logSum: Tensor;
  /** Dropout of A, from whose key the VJP draws the same mask; null: none. */
  readonly dropout: DropoutAttrs | null;
}

const part = parts({ scores, probs: softmax, drop: dropout, mix });

function forward(k: Kernels, { q, keys, values }: AttentionInputs, attrs: AttentionAttrs): Result<Tensor, AttentionSaved> {
  const s = part.scores.forward(k, { q, keys }); //                (E7) S
  const a = part.probs.forward(k, { z: s.out }); //                (E7) A
  const kept = part.drop.forward(k, { x: a.out }, attrs.dropout);
  const o = part.mix.forward(k, { probs: kept.out, values }); //   (E7) O
  const logSum = k.sub(k.maxLast(s.out), k.log(k.maxLast(a.out))); // λ = S − log A, taken where A is largest and log A most exact
  return { out: o.out, saved: { q, keys, values, out: o.out, logSum, dropout: attrs.dropout } };
}

function vjp(k: Kernels, saved: AttentionSaved, dO: Tensor): Grads<AttentionInputs> {
  const { q, keys, values } = saved;
  const recomputing = k.within({ recomputing: true, saves: true });
  const s = part.scores.forward(recomputing, { q, keys }); //      (E7) S
  const a = part.probs.forward(recomputing, { z: s.out }); //      (E7) A
  const kept = part.drop.forward(recomputing, { x: a.out }, saved.dropout);

  const dMix = part.mix.vjp(k, { probs: kept.out, values }, dO); // (G12) Ā, V̄
  const dDrop = part.drop.vjp(k, kept.saved, dMix.probs);
  const dProbs = part.probs.vjp(k, a.saved, dDrop.x); //           (G12) S̄
  const dScores = part.scores.vjp(k, s.saved, dProbs.z); //        (G12) Q̄, K̄
  return { q: dScores.q, keys: dScores.keys, values: dMix.values };
}

/** Q [..., Tq, d], K and V [..., Tk, d] → O [..., Tq, d]. */
export const attention: Op<AttentionInputs, AttentionSaved, AttentionAttrs> = defineOp({
  name: "attention",
  inline: true,
  shapes: {
    inputs: { q: "... Tq d", keys: "... Tk d", values: "... Tk d" },
    saved: { q: "... Tq d", keys: "... Tk d", values: "... Tk d", out: "... Tq d", logSum: "... Tq 1" },
    out: "... Tq d",
  },
  forward,
  vjp,
});
