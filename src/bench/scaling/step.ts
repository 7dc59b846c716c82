/**
 * The time of a training step on R = 2ⁿ ranks, each with a batch of its own. Gradients of G bytes are summed in n buckets of equal size while the backward
 * pass goes on, which finishes them at an even rate:
 *
 *   t(S) = Σⱼ 2 (αⱼ + S / 2ʲ⁺¹ / βⱼ) + S λ                 one bucket of S bytes; j = 0 … log₂ R − 1
 *   T(R) = T_forward + max(T_backward + t, T_backward / n + n t)        t = t(G / n)
 *
 * In step j of the halving (src/ranks/orderedSum.ts), and again of the doubling, ranks at distance 2ʲ exchange S / 2ʲ⁺¹ bytes: within a node while 2ʲ is less than
 * its number of ranks, so that a network carries only 1 / (ranks of a node) of the gradients. α is the latency, 1/β the time of a byte, λ that of copying and adding one
 * on the rank itself. The first term of the maximum is a step whose sums are hidden behind the backward pass but for the last bucket, the second one in which sums follow one another without a pause.
 */
import type { Sums } from "./nodes.ts";

export interface StepOnOneRank {
  /** Seconds without sums. */
  readonly compute: number;
  /** Bytes of all gradients. */
  readonly gradients: number;
}

/** Of a step's computing the backward pass takes two matrix multiplications for each of the forward. */
const BACKWARD = 2 / 3;

/** Bytes of a bucket, as PyTorch's data parallelism has them by default; the real number of buckets is rounded. */
const BUCKET = 25e6;

/** Seconds of an ordered sum of so many bytes over R ranks, `perNode` of them in a node. */
export function sumSeconds(bytes: number, R: number, perNode: number, { within, between, local }: Sums): number {
  if (R === 1) return 0;
  let seconds = bytes * local;
  for (let distance = 1; distance < R; distance *= 2) {
    const { latency, bandwidth } = distance < perNode ? within : between;
    seconds += 2 * (latency + bytes / (2 * distance) / bandwidth);
  }
  return seconds;
}

/** Seconds of a step on R ranks. */
export function stepSeconds({ compute, gradients }: StepOnOneRank, R: number, perNode: number, sums: Sums): number {
  const buckets = Math.max(1, Math.round(gradients / BUCKET));
  const t = sumSeconds(gradients / buckets, R, perNode, sums);
  const backward = BACKWARD * compute;
  return compute - backward + Math.max(backward + t, backward / buckets + buckets * t);
}
