/**
 * Multi-head self-attention by loops. Row i·D + m·d + c of Wqkv makes channel c of head m of role i (0: query, 1: key, 2: value).
 *
 *   (E5)   Y_bt,r = Σ_j X_btj Wqkv_rj + bqkv_r                     r = 0 … 3D − 1
 *   (E6)   Q_bmtc = Y_bt,(m·d + c)      K: D further on            V: 2D further on
 *   (E7)   O_m from Q_m, K_m, V_m
 *   (E8)   C_bt,(m·d + c) = O_bmtc      MSA(X) = C Woᵀ + bo
 *
 *   (G13)  (G1) for Wo gives C̄ and with it Ō; (G12) gives Q̄, K̄, V̄, concatenated Ȳ; (G1) for Wqkv
 */
import type { Host, HostArray } from "../../check/host.ts";
import type { SelfAttentionParams } from "../../model/selfAttention.ts";
import type { Layer } from "../../ops/op.ts";
import type { QueriesKeysValues } from "../../ops/splitHeads.ts";
import { axis } from "../../tensor/tensor.ts";
import { attention, attentionVjp } from "./attention.ts";
import { linear, linearVjp } from "./linear.ts";
import { at, tabulate } from "./matrix.ts";
import { masked } from "./rows.ts";

/** (E6): [B, T, 3D] → each [B, h, T, d]. */
export function splitHeads(qkv: HostArray, h: number): Host<QueriesKeysValues> {
  const [B = 0, T = 0, threeD = 0] = qkv.shape;
  const D = threeD / 3;
  const d = D / h;
  const third = (i: number): HostArray => tabulate([B, h, T, d], (b, m, t, c) => at(qkv, b, t, i * D + m * d + c));
  return { q: third(0), keys: third(1), values: third(2) };
}

/** [B, h, T, d] → [B, T, D]: column m·d + c is channel c of head m. */
export function mergeHeads(o: HostArray): HostArray {
  const [B = 0, h = 0, T = 0, d = 0] = o.shape;
  return tabulate([B, T, h * d], (b, t, column) => at(o, b, Math.floor(column / d), t, column % d));
}

/** [Q|K|V], [B, T, 3D]: the inverse of (E6). */
function concatenated({ q, keys, values }: Host<QueriesKeysValues>): HostArray {
  const [Q, K, V] = [mergeHeads(q), mergeHeads(keys), mergeHeads(values)];
  const [B = 0, T = 0, D = 0] = Q.shape;
  return tabulate([B, T, 3 * D], (b, t, r) => {
    if (r < D) return at(Q, b, t, r);
    return r < 2 * D ? at(K, b, t, r - D) : at(V, b, t, r - 2 * D);
  });
}

/** The dropout masks of A and of the output; null: nothing is dropped. */
export interface SelfAttentionMasks {
  readonly probs: HostArray | null;
  readonly proj: HostArray | null;
}

/** (E5)–(E8): [B, T, D] → [B, T, D]. */
export function selfAttention(
  x: HostArray,
  { qkv, proj }: Host<SelfAttentionParams>,
  h: number,
  masks: SelfAttentionMasks = { probs: null, proj: null },
): HostArray {
  const o = attention(splitHeads(linear(x, qkv), h), masks.probs).mix;
  return masked(linear(mergeHeads(o), proj), masks.proj);
}

/** (G13) */
export function selfAttentionVjp(
  x: HostArray,
  { qkv, proj }: Host<SelfAttentionParams>,
  h: number,
  dy: HostArray,
): Host<Layer<SelfAttentionParams>> {
  const qkvOfHeads = splitHeads(linear(x, qkv), h);
  const { shape } = qkvOfHeads.q;
  const dProj = linearVjp(mergeHeads(attention(qkvOfHeads).mix), proj, dy);
  const dO = tabulate(shape, (b, m, t, c) => at(dProj.x, b, t, m * axis(shape, -1) + c));
  const dQkv = linearVjp(x, qkv, concatenated(attentionVjp(qkvOfHeads, dO)));
  return { x: dQkv.x, params: { qkv: dQkv.params, proj: dProj.params } };
}
