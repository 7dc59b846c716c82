/**
 * Residual addition, with the drop-path multiplier m of each sample.
 *
 *          X⁺ = X + m ⊙ branch                                    (E11), (E12)
 *
 *   (G14)  X̄ = X̄⁺      branch‾ = m ⊙ X̄⁺
 */
import type { Kernels } from "../kernels/kernels.ts";
import { axis, size, type Tensor } from "../tensor/tensor.ts";
import { defineOp, type Grads, type Op, type Result } from "./op.ts";

/** What `residual` differentiates: x, and the branch that is added. */
export interface ResidualInputs {
  /** [B, ..., D] */
  readonly x: Tensor;
  /** [B, ..., D], the shape of x. */
  readonly branch: Tensor;
}

/** Settings of `residual` that are not trained. */
export interface ResidualAttrs {
  /** m, [B]: 0 or 1/(1 − r) (E31); null: all ones. */
  readonly multiplier: Tensor | null;
}

function forward(k: Kernels, { x, branch }: ResidualInputs, { multiplier }: ResidualAttrs): Result<Tensor, ResidualAttrs> {
  return { out: k.add(x, perSample(k, multiplier, branch)), saved: { multiplier } };
}

function vjp(k: Kernels, { multiplier }: ResidualAttrs, dy: Tensor): Grads<ResidualInputs> {
  return { x: dy, branch: perSample(k, multiplier, dy) }; //      (G14)
}

/** m_b times all of sample b. */
function perSample(k: Kernels, multiplier: Tensor | null, x: Tensor): Tensor {
  if (multiplier === null) return x;
  const B = axis(x.shape, 0);
  const flat = k.reshape(x, [B, size(x.shape) / B]);
  return k.reshape(k.mul(flat, k.reshape(multiplier, [B, 1])), x.shape);
}

/** [B, ..., D] → [B, ..., D] */
export const residual: Op<ResidualInputs, ResidualAttrs, ResidualAttrs> = defineOp({
  name: "residual",
  shapes: { inputs: { x: "... D", branch: "... D" }, out: "... D" },
  forward,
  vjp,
});
