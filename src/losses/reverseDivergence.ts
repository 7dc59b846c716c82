/**
 * The divergence as the paper writes it, with the student first: KL(s‖p). All published code has the teacher first, (E23), which is the default.
 *
 *          τ² KL = (τ²/B) Σ_b Σ_k s_bk (log s_bk − log p_bk)                  divided by B·K as in (E24)
 *
 *   (G7)   u = log s − log p      z̄_s = τ s ⊙ (u − ⟨s, u⟩)/B                  likewise
 */
import type { Kernels } from "../kernels/kernels.ts";
import { defineOp, type Grads, type Op, type Result } from "../ops/op.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { countOf, logProbs, type DivergenceAttrs, type DivergenceInputs, type DivergenceSaved } from "./divergence.ts";

function forward(
  k: Kernels,
  { student: zs }: DivergenceInputs,
  { teacher: zt, tau, divideBy }: DivergenceAttrs,
): Result<Tensor, DivergenceSaved> {
  const student = logProbs(k, zs, tau);
  const teacher = logProbs(k, zt, tau);
  const nats = k.sumLeading(k.mul(k.exp(student), k.sub(student, teacher)), 2);
  const out = k.scale(nats, tau ** 2 / countOf(zs.shape, divideBy));
  return { out, saved: { student, teacher, tau, divideBy } };
}

function vjp(k: Kernels, { student, teacher, tau, divideBy }: DivergenceSaved, dOut: Tensor): Grads<DivergenceInputs> {
  const probs = k.exp(student);
  const ratio = k.sub(student, teacher); //                                        u
  const centred = k.sub(ratio, k.sumLast(k.mul(probs, ratio)));
  const dStudent = k.scale(k.mul(probs, centred), tau / countOf(student.shape, divideBy)); // (G7)
  return { student: k.mul(dStudent, dOut) };
}

/** τ² KL(student‖teacher), [B, K] → a scalar. */
export const reverseDivergence: Op<DivergenceInputs, DivergenceSaved, DivergenceAttrs> = defineOp({
  name: "reverseDivergence",
  shapes: { inputs: { student: "B K" }, saved: { student: "B K", teacher: "B K" }, out: "" },
  check(_, { tau }) {
    if (!(tau > 0)) throw new RangeError(`reverseDivergence: tau must be > 0, got ${tau}`);
  },
  forward,
  vjp,
});
