/**
 * The gradients of the losses by loops, for a cotangent c of the loss.
 *
 *   (G3)  z̄_bk = ℓ̄_bk − σ(z)_bk Σ_l ℓ̄_bl
 *   (G4)  z̄_bk = c (σ(z)_bk Σ_l q_bl − q_bk)/B
 *   (G6)  z̄_bk = c τ (s_bk − p_bk)/B                                   s = σ(z_s/τ), p = σ(z_t/τ); (E24): /(B·K)
 *   (G7)  u_bk = log s_bk − log p_bk      z̄_bk = c τ s_bk (u_bk − Σ_l s_bl u_bl)/B    (E24): /(B·K)
 */
import type { HostArray } from "../../check/host.ts";
import type { Direction } from "../../losses/softDistillation.ts";
import { axis } from "../../tensor/tensor.ts";
import { tempered } from "./losses.ts";
import { at, sum, tabulate } from "./matrix.ts";
import { logSoftmax, softmax } from "./softmax.ts";

/** (G3) */
export function logSoftmaxVjp(z: HostArray, dLogProbs: HostArray): HostArray {
  const s = softmax(z);
  return tabulate(z.shape, (b, k) => at(dLogProbs, b, k) - at(s, b, k) * sum(axis(z.shape, 1), (l) => at(dLogProbs, b, l)));
}

/** (G4) */
export function crossEntropyVjp(z: HostArray, q: HostArray, c: number): HostArray {
  const [B = 0, K = 0] = z.shape;
  const s = softmax(z);
  return tabulate([B, K], (b, k) => (c * (at(s, b, k) * sum(K, (l) => at(q, b, l)) - at(q, b, k))) / B);
}

/** (G6) of τ² KL; with `perClass` the divisor of (E24). */
export function divergenceVjp(zs: HostArray, zt: HostArray, tau: number, perClass: boolean, c: number): HostArray {
  const [B = 0, K = 0] = zs.shape;
  const [s, p] = [softmax(tempered(zs, tau)), softmax(tempered(zt, tau))];
  return tabulate([B, K], (b, k) => (c * tau * (at(s, b, k) - at(p, b, k))) / (perClass ? B * K : B));
}

/** (G7), likewise. */
export function reverseDivergenceVjp(zs: HostArray, zt: HostArray, tau: number, perClass: boolean, c: number): HostArray {
  const [B = 0, K = 0] = zs.shape;
  const [s, logS, logP] = [softmax(tempered(zs, tau)), logSoftmax(tempered(zs, tau)), logSoftmax(tempered(zt, tau))];
  const u = tabulate([B, K], (b, k) => at(logS, b, k) - at(logP, b, k));
  const centred = tabulate([B, K], (b, k) => at(u, b, k) - sum(K, (l) => at(s, b, l) * at(u, b, l)));
  return tabulate([B, K], (b, k) => (c * tau * at(s, b, k) * at(centred, b, k)) / (perClass ? B * K : B));
}

/** Of τ² KL, by its direction. */
export const vjpOfDirection: Readonly<Record<Direction, typeof divergenceVjp>> = {
  "teacher-first": divergenceVjp,
  "student-first": reverseDivergenceVjp,
};
