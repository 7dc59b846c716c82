/**
 * The attention core (E7) and its pullback (G12), one head after the other: `heads` of N queries, k keys and values, width d. f32.
 *
 *   S = d^(−½) Q Kᵀ      A = σ(S)      O = A V
 *
 * The scale is taken into the softmax. A is kept, as the pullback reads it. Heads do not look at each other and may be split among threads.
 */
import { gemm } from "./gemm/gemm";
import { softmax, softmaxVjp } from "./softmax";

const BYTES: usize = 4;

@inline
function inverseRoot(d: i32): f32 {
  return 1 / Mathf.sqrt(<f32>d);
}

/** O [heads, N, d] and A [heads, N, k] of Q [heads, N, d], K and V [heads, k, d]. */
export function attention(o: usize, probs: usize, q: usize, keys: usize, v: usize, heads: i32, N: i32, k: i32, d: i32): void {
  const queries = <usize>(N * d) * BYTES, values = <usize>(k * d) * BYTES, pairs = <usize>(N * k) * BYTES;
  for (; heads > 0; heads--) {
    gemm(probs, k, q, d, keys, d, 0, N, k, d, false, true, false);
    softmax(probs, probs, N, k, inverseRoot(d));
    gemm(o, d, probs, k, v, d, 0, N, d, k, false, false, false);
    o += queries, q += queries, keys += values, v += values, probs += pairs;
  }
}

/** Q̄, K̄, V̄ of Ō; `pairs` is room for N × k numbers. */
export function attentionVjp(
  dq: usize, dk: usize, dv: usize, pairs: usize,
  probs: usize, q: usize, keys: usize, v: usize, dO: usize,
  heads: i32, N: i32, k: i32, d: i32,
): void {
  const queries = <usize>(N * d) * BYTES, values = <usize>(k * d) * BYTES;
  for (; heads > 0; heads--) {
    gemm(dv, d, probs, k, dO, d, 0, k, d, N, true, false, false); //             V̄ = Aᵀ Ō
    gemm(pairs, k, dO, d, v, d, 0, N, k, d, false, true, false); //              Ā = Ō Vᵀ
    softmaxVjp(pairs, probs, pairs, N, k, inverseRoot(d)); //        d^(−½) S̄
    gemm(dq, d, pairs, k, keys, d, 0, N, d, k, false, false, false); //          Q̄
    gemm(dk, d, pairs, k, q, d, 0, k, d, N, true, false, false); //              K̄
    dq += queries, q += queries, dO += queries;
    dk += values, dv += values, keys += values, v += values, probs += <usize>(N * k) * BYTES;
  }
}
