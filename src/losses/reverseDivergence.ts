/**
 * The divergence as the paper writes it, with the student first: KL(s‖p). Nobody trains with it; (E23) is the default.
 *
 *          τ² KL = (τ²/B) Σ_b Σ_k s_bk (log s_bk − log p_bk)
 *
 *   (G7)   u = log s − log p      z̄_s = τ s ⊙ (u − ⟨s, u⟩)/B
 */
import type { Kernels } from "../kernels/kernels.ts";
import { logSoftmax } from "../ops/logSoftmax.ts";
import { defineOp, type Grads, type Op, type Result } from "../ops/op.ts";
import { axis, type Tensor } from "../tensor/tensor.ts";
import type { DivergenceAttrs, DivergenceInputs } from "./divergence.ts";

/** The teacher and τ of `reverseDivergence`. */
export type ReverseDivergenceAttrs = Omit<DivergenceAttrs, "divideBy">;

/** What the VJP of `reverseDivergence` reads. */
export interface ReverseDivergenceSaved {
  /** s, [B, K]. */
  readonly probs: Tensor;
  /** u = log s − log p, [B, K]. */
  readonly ratio: Tensor;
  /** τ. */
  readonly tau: number;
}

function forward(
  k: Kernels,
  { student: zs }: DivergenceInputs,
  { teacher: zt, tau }: ReverseDivergenceAttrs,
): Result<Tensor, ReverseDivergenceSaved> {
  const student = logSoftmax.forward(k, { z: k.scale(zs, 1 / tau) }).out;
  const teacher = logSoftmax.forward(k, { z: k.scale(zt, 1 / tau) }).out;
  const probs = k.exp(student);
  const ratio = k.sub(student, teacher);
  const out = k.scale(k.sumLeading(k.mul(probs, ratio), 2), tau ** 2 / axis(zs.shape, 0));
  return { out, saved: { probs, ratio, tau } };
}

function vjp(k: Kernels, { probs, ratio, tau }: ReverseDivergenceSaved, dOut: Tensor): Grads<DivergenceInputs> {
  const centred = k.sub(ratio, k.sumLast(k.mul(probs, ratio)));
  return { student: k.mul(k.scale(k.mul(probs, centred), tau / axis(probs.shape, 0)), dOut) }; // (G7)
}

/** τ² KL(student‖teacher), [B, K] → a scalar. */
export const reverseDivergence: Op<DivergenceInputs, ReverseDivergenceSaved, ReverseDivergenceAttrs> = defineOp({
  name: "reverseDivergence",
  shapes: { inputs: { student: "B K" }, saved: { probs: "B K", ratio: "B K" }, out: "" },
  check(_, { tau }) {
    if (!(tau > 0)) throw new RangeError(`reverseDivergence: tau must be > 0, got ${tau}`);
  },
  forward,
  vjp,
});
