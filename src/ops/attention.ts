/**
 * The attention core, for each head: N queries look at k keys and mix k values (k = N in self-attention).
 *
 *   (E7)   S = d^(−½) Q Kᵀ      A = σ(S), each row sums to 1      O = A V
 *
 *   (G12)  V̄ = Aᵀ Ō             Ā = Ō Vᵀ
 *          S̄ = A ⊙ (Ā − ⟨Ā, A⟩)                                   softmax's own pullback (G2)
 *          Q̄ = d^(−½) S̄ K       K̄ = d^(−½) S̄ᵀ Q
 *
 * The scale is that of the head width d, not of the width D. Three ops, as each of S, A and O is looked at by itself elsewhere.
 *
 * S and A, N × k numbers each, die with the forward; the pullback makes them again. What is saved grows with N and with k, not with N·k:
 * Q, K, V, and two tensors with which a kernel can go over A tile by tile and never see a whole row, the recompute form of (G12):
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
  /** Queries, [..., N, d]. */
  readonly q: Tensor;
  /** Keys, [..., k, d]. */
  readonly k: Tensor;
}

/** S = d^(−½) Q Kᵀ, [..., N, k]. */
export const scores: Op<ScoresInputs, ScoresInputs> = defineOp({
  name: "scores",
  forward(k, { q, k: keys }) {
    const S = k.scale(k.matmul(q, keys, { tb: true }), axis(q.shape, -1) ** -0.5); //    (E7)
    return { out: S, saved: { q, k: keys } };
  },
  vjp(k, { q, k: keys }, dS) {
    const dProducts = k.scale(dS, axis(q.shape, -1) ** -0.5);
    return { q: k.matmul(dProducts, keys), k: k.matmul(dProducts, q, { ta: true }) }; // (G12)
  },
});

/** What `mix` differentiates. */
export interface MixInputs {
  /** A, [..., N, k]. */
  readonly probs: Tensor;
  /** Values, [..., k, d]. */
  readonly v: Tensor;
}

/** O = A V, [..., N, d]. */
export const mix: Op<MixInputs, MixInputs> = defineOp({
  name: "mix",
  forward(k, { probs, v }) {
    return { out: k.matmul(probs, v), saved: { probs, v } }; //                          (E7)
  },
  vjp(k, { probs, v }, dO) {
    return { probs: k.matmul(dO, v, { tb: true }), v: k.matmul(probs, dO, { ta: true }) }; // (G12)
  },
});

/** What `attention` differentiates. */
export interface AttentionInputs extends ScoresInputs {
  /** Values, [..., k, d]. */
  readonly v: Tensor;
}

/** Settings of `attention` that are not trained. */
export interface AttentionAttrs {
  /** Of A (deit.md 6.3); null: none. */
  readonly dropout: DropoutAttrs | null;
}

/** What the pullback of `attention` reads. */
export interface AttentionSaved extends AttentionInputs {
  /** O, [..., N, d]; read by kernels only that do not make whole rows of A. */
  readonly out: Tensor;
  /** λ, [..., N, 1]; as `out`. */
  readonly logSum: Tensor;
  /** Its mask is drawn again. */
  readonly dropout: DropoutAttrs | null;
}

const part = parts({ scores, probs: softmax, drop: dropout, mix });

function forward(k: Kernels, { q, k: keys, v }: AttentionInputs, attrs: AttentionAttrs): Result<Tensor, AttentionSaved> {
  const s = part.scores.forward(k, { q, k: keys }); //             (E7) S
  const a = part.probs.forward(k, { z: s.out }); //                (E7) A
  const kept = part.drop.forward(k, { x: a.out }, attrs.dropout);
  const o = part.mix.forward(k, { probs: kept.out, v }); //        (E7) O
  const logSum = k.sub(k.maxLast(s.out), k.log(k.maxLast(a.out))); // λ = S − log A, where A is farthest from 0
  return { out: o.out, saved: { q, k: keys, v, out: o.out, logSum, dropout: attrs.dropout } };
}

function vjp(k: Kernels, saved: AttentionSaved, dO: Tensor): Grads<AttentionInputs> {
  const { q, k: keys, v } = saved;
  const again = k.within({ recomputing: true, saves: true });
  const s = part.scores.forward(again, { q, k: keys }); //         (E7) S
  const a = part.probs.forward(again, { z: s.out }); //            (E7) A
  const kept = part.drop.forward(again, { x: a.out }, saved.dropout);

  const dMix = part.mix.vjp(k, { probs: kept.out, v }, dO); //     (G12) Ā, V̄
  const dDrop = part.drop.vjp(k, kept.saved, dMix.probs);
  const dProbs = part.probs.vjp(k, a.saved, dDrop.x); //           (G12) S̄
  const dScores = part.scores.vjp(k, s.saved, dProbs.z); //        (G12) Q̄, K̄
  return { q: dScores.q, k: dScores.k, v: dMix.v };
}

/** Q [..., N, d], K and V [..., k, d] → O [..., N, d]. */
export const attention: Op<AttentionInputs, AttentionSaved, AttentionAttrs> = defineOp({
  name: "attention",
  inline: true,
  shapes: {
    inputs: { q: "... N d", k: "... k d", v: "... k d" },
    saved: { q: "... N d", k: "... k d", v: "... k d", out: "... N d", logSum: "... N 1" },
    out: "... N d",
  },
  forward,
  vjp,
});
