/**
 * The losses by loops over the samples b and the classes k.
 *
 *   (E19)  CE(z, q) = −(1/B) Σ_b Σ_k q_bk ℓ_bk                                    ℓ = log-softmax of z (softmax.ts)
 *   (E20)  q_bk = ε/K for k ≠ y_b,       q_bk = 1 − ε + ε/K for k = y_b
 *   (E21)  q_bk = ε/(K − 1) for k ≠ y_b, q_bk = 1 − ε for k = y_b
 *   (E22)  L_soft = (1 − λ) CE(z_c, q) + λ τ² KL
 *   (E23)  KL = (1/B) Σ_b Σ_k p_bk (log p_bk − log s_bk)                          p = σ(z_t/τ), s = σ(z_s/τ)
 *   (E24)  1/(B·K) instead of 1/B
 *   (E25)  y_b = argmax_k z_t,bk, the first on ties
 *   (E26)  L_hard = (1 − α) CE(z_c, q) + α CE(z_d, onehot(y))                     printed with α = ½
 */
import { hostArray, type HostArray } from "../../check/host.ts";
import type { Direction } from "../../losses/softDistillation.ts";
import { axis } from "../../tensor/tensor.ts";
import { at, sum, tabulate } from "./matrix.ts";
import { logSoftmax, softmax } from "./softmax.ts";

/** z/τ */
export const tempered = (z: HostArray, tau: number): HostArray => ({ shape: z.shape, data: z.data.map((x) => x / tau) });

/** (1/B) Σ_b Σ_k f(b, k) */
export function batchMean({ shape: [B = 0, K = 0] }: HostArray, f: (b: number, k: number) => number): number {
  return sum(B, (b) => sum(K, (k) => f(b, k))) / B;
}

/** (E19) */
export function crossEntropy(z: HostArray, q: HostArray): number {
  const logProbs = logSoftmax(z);
  return -batchMean(z, (b, k) => at(q, b, k) * at(logProbs, b, k));
}

/** (E20): labels [B] → [B, K]. */
export const smoothOverAll = (labels: HostArray, K: number, eps: number): HostArray =>
  tabulate([axis(labels.shape, 0), K], (b, k) => (k === at(labels, b) ? 1 - eps + eps / K : eps / K));

/** (E21): labels [B] → [B, K]. */
export const smoothOverOthers = (labels: HostArray, K: number, eps: number): HostArray =>
  tabulate([axis(labels.shape, 0), K], (b, k) => (k === at(labels, b) ? 1 - eps : eps / (K - 1)));

/** KL of (E23) times the τ² of (E22). */
export function divergence(zs: HostArray, zt: HostArray, tau: number): number {
  const [p, logP, logS] = [softmax(tempered(zt, tau)), logSoftmax(tempered(zt, tau)), logSoftmax(tempered(zs, tau))];
  return tau * tau * batchMean(zs, (b, k) => at(p, b, k) * (at(logP, b, k) - at(logS, b, k)));
}

/** The same with student and teacher exchanged in KL. */
export const reverseDivergence = (zs: HostArray, zt: HostArray, tau: number): number => divergence(zt, zs, tau);

/** y_b of (E25). */
export function argmax(z: HostArray, b: number): number {
  let best = 0;
  for (let k = 1; k < axis(z.shape, 1); k++) if (at(z, b, k) > at(z, b, best)) best = k;
  return best;
}

/** The decision of each row, [B]. */
export const argmaxes = (z: HostArray): HostArray => tabulate([axis(z.shape, 0)], (b) => argmax(z, b));

/** onehot(y) of (E25), [B, K]. */
export const decision = (z: HostArray): HostArray => tabulate(z.shape, (b, k) => (k === argmax(z, b) ? 1 : 0));

/** log( (1/M) Σ_m σ(z_m) ), [B, K], with the largest term of each sum as its unit, as the terms themselves may underflow. */
export function meanOfTeachers(teachers: readonly HostArray[]): HostArray {
  const logs = teachers.map(logSoftmax);
  return tabulate(teachers[0]?.shape ?? [], (b, k) => {
    const terms = logs.map((l) => at(l, b, k));
    const largest = Math.max(...terms);
    return largest + Math.log(sum(terms.length, (m) => Math.exp((terms[m] ?? NaN) - largest)) / terms.length);
  });
}

/** How (E22) compares the student with the teacher. */
interface SoftSettings {
  readonly lambda: number;
  readonly tau: number;
  /** Whether the divisor is that of (E24). */
  readonly perClass: boolean;
  readonly direction: Direction;
}

/** (E22) */
export function softDistillation(
  [zc, zs]: readonly [HostArray, HostArray],
  q: HostArray,
  zt: HostArray,
  { lambda, tau, perClass, direction }: SoftSettings,
): number {
  const kl = direction === "teacher-first" ? divergence(zs, zt, tau) : reverseDivergence(zs, zt, tau);
  return (1 - lambda) * crossEntropy(zc, q) + (lambda * kl) / (perClass ? axis(zs.shape, 1) : 1);
}

/** (E26) */
export const hardDistillation = ([zc, zd]: readonly [HostArray, HostArray], q: HostArray, zt: HostArray, alpha: number): number =>
  (1 - alpha) * crossEntropy(zc, q) + alpha * crossEntropy(zd, decision(zt));

/** A number as a scalar host array. */
export const scalar = (value: number): HostArray => hostArray([], [value]);
