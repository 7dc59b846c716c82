/**
 * The attention core (E7) and its pullback (G12), one head after the other: `heads` of N queries, k keys and values, width d. f32.
 *
 *   S = d^(−½) Q Kᵀ      A = σ(S)      O = A V      λ = log Σ e^S
 *
 * The scale is taken into the softmax. A is made again in the pullback. Heads do not look at each other and may be split among threads.
 */
import { gemm } from "./gemm/gemm";
import { log } from "./math";
import { largest } from "./reduce";
import { softmax, softmaxVjp } from "./softmax";

const BYTES: usize = 4;

@inline
function inverseRoot(d: i32): f32 {
  return 1 / Mathf.sqrt(<f32>d);
}

/** O [heads, N, d] and λ [heads, N, 1] of Q [heads, N, d], K and V [heads, k, d]; `probs` is room for N × k numbers. */
export function attention(
  o: usize, logSum: usize, probs: usize, q: usize, keys: usize, v: usize, heads: i32, N: i32, k: i32, d: i32,
): void {
  const queries = <usize>(N * d) * BYTES, values = <usize>(k * d) * BYTES, row = <usize>k * BYTES;
  for (; heads > 0; heads--) {
    gemm(probs, q, keys, N, k, d, false, true, false);
    for (let i: usize = 0; i < <usize>N; i++) store<f32>(logSum + i * BYTES, largest(probs + i * row, k) * inverseRoot(d));
    softmax(probs, probs, N, k, inverseRoot(d));
    gemm(o, probs, v, N, d, k, false, false, false);
    for (let i: usize = 0; i < <usize>N; i++, logSum += BYTES) {
      const most = f32x4.extract_lane(log(f32x4.splat(largest(probs + i * row, k))), 0);
      store<f32>(logSum, load<f32>(logSum) - most);
    }
    o += queries, q += queries, keys += values, v += values;
  }
}

/** Q̄, K̄, V̄ of Ō; `probs` and `pairs` are room for N × k numbers each. */
export function attentionVjp(
  dq: usize, dk: usize, dv: usize, probs: usize, pairs: usize,
  q: usize, keys: usize, v: usize, dO: usize,
  heads: i32, N: i32, k: i32, d: i32,
): void {
  const queries = <usize>(N * d) * BYTES, values = <usize>(k * d) * BYTES;
  for (; heads > 0; heads--) {
    gemm(probs, q, keys, N, k, d, false, true, false);
    softmax(probs, probs, N, k, inverseRoot(d));
    gemm(dv, probs, dO, k, d, N, true, false, false); //             V̄ = Aᵀ Ō
    gemm(pairs, dO, v, N, k, d, false, true, false); //              Ā = Ō Vᵀ
    softmaxVjp(pairs, probs, pairs, N, k, inverseRoot(d)); //        d^(−½) S̄
    gemm(dq, pairs, keys, N, d, k, false, false, false); //          Q̄
    gemm(dk, pairs, q, k, d, N, true, false, false); //              K̄
    dq += queries, q += queries, dO += queries;
    dk += values, dv += values, keys += values, v += values;
  }
}
