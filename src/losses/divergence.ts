/**
 * Divergence of the student from the teacher at temperature τ, scaled by τ² so that its gradient does not fade as τ grows.
 *
 *   (E23)  KL = (1/B) Σ_b Σ_k p_bk (log p_bk − log s_bk)      p = σ(z_t/τ) teacher,  s = σ(z_s/τ) student
 *   (E24)  the authors' code divides by B·K, K times weaker
 *
 *   (G6)   of τ² KL:  z̄_s = τ (s − p)/B                       τ² from the factor, 1/τ from the chain rule; B·K for (E24)
 */
import type { Kernels } from "../kernels/kernels.ts";
import { logSoftmax } from "../ops/logSoftmax.ts";
import { defineOp, type Grads, type Op, type Result } from "../ops/op.ts";
import { axis, size, type Shape, type Tensor } from "../tensor/tensor.ts";

/** `batch`: (E23), the default. `batch*classes`: (E24). */
export type Divisor = "batch" | "batch*classes";

/** What `divergence` and `reverseDivergence` differentiate. */
export interface DivergenceInputs {
  /** z_s, [B, K]. */
  readonly student: Tensor;
}

/** The teacher of `divergence` and `reverseDivergence`, and how it is compared with the student. */
export interface DivergenceAttrs {
  /** z_t, [B, K]; not differentiated. */
  readonly teacher: Tensor;
  /** τ > 0, in the unit of the logits. */
  readonly tau: number;
  /** What the sum over samples and classes is divided by. */
  readonly divideBy: Divisor;
}

/** What the VJPs of `divergence` and `reverseDivergence` read. */
export interface DivergenceSaved extends Omit<DivergenceAttrs, "teacher"> {
  /** log s of the tempered student, [B, K]. */
  readonly student: Tensor;
  /** log p of the tempered teacher, [B, K]. */
  readonly teacher: Tensor;
}

/** The divisor of (E23) or (E24) for logits of this shape. */
export const countOf = (shape: Shape, divideBy: Divisor): number => (divideBy === "batch" ? axis(shape, 0) : size(shape));

/** The log-probabilities of logits at temperature τ, [B, K] → [B, K]. */
export const logProbs = (k: Kernels, z: Tensor, tau: number): Tensor => logSoftmax.forward(k, { z: k.scale(z, 1 / tau) }).out;

function forward(
  k: Kernels,
  { student: zs }: DivergenceInputs,
  { teacher: zt, tau, divideBy }: DivergenceAttrs,
): Result<Tensor, DivergenceSaved> {
  const student = logProbs(k, zs, tau);
  const teacher = logProbs(k, zt, tau);
  const nats = k.sumLeading(k.mul(k.exp(teacher), k.sub(teacher, student)), 2);
  const out = k.scale(nats, tau ** 2 / countOf(zs.shape, divideBy)); //            (E23) (E24)
  return { out, saved: { student, teacher, tau, divideBy } };
}

function vjp(k: Kernels, { student, teacher, tau, divideBy }: DivergenceSaved, dOut: Tensor): Grads<DivergenceInputs> {
  const difference = k.sub(k.exp(student), k.exp(teacher)); //                     s − p
  return { student: k.mul(k.scale(difference, tau / countOf(student.shape, divideBy)), dOut) }; // (G6)
}

/** τ² KL(teacher‖student), [B, K] → a scalar. */
export const divergence: Op<DivergenceInputs, DivergenceSaved, DivergenceAttrs> = defineOp({
  name: "divergence",
  shapes: { inputs: { student: "B K" }, saved: { student: "B K", teacher: "B K" }, out: "" },
  check(_, { tau }) {
    if (!(tau > 0)) throw new RangeError(`divergence: tau must be > 0, got ${tau}`);
  },
  forward,
  vjp,
});
