/**
 * Layer normalisation over the width D (Ba et al. 2016, eq. 3, with ε inside the root).
 *
 *   (E4)   μ = mean_D(x)      v = mean_D((x − μ)²)      biased: over D, not D − 1
 *          r = (v + ε)^(−½)   x̂ = (x − μ) ⊙ r
 *          y = γ ⊙ x̂ + β
 *
 *   (G10)  h = ȳ ⊙ γ          x̄ = r ⊙ (h − mean_D(h) − x̂ ⊙ mean_D(h ⊙ x̂))
 *          γ̄ = Σ ȳ ⊙ x̂       β̄ = Σ ȳ                    sums over batch and tokens
 *
 * Units: if x is in u, ε is in u² and r in 1/u; x̂ has no unit; γ, β and y share one.
 */
import type { Kernels } from "../kernels/kernels.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { defineOp, type Grads, type Layer, type Op, type Result } from "./op.ts";

/** Gain and shift of a layer norm. */
export interface LayerNormParams {
  /** Gain γ, [D]. */
  readonly weight: Tensor;
  /** Shift β, [D]. */
  readonly bias: Tensor;
}

/** Settings of `layerNorm` that are not trained. */
export interface LayerNormAttrs {
  /** ε > 0, in the unit of x². DeiT: 1e-6. */
  readonly eps: number;
}

/** What the VJP of `layerNorm` reads. */
export interface LayerNormSaved {
  /** x̂, [..., D]. */
  readonly xHat: Tensor;
  /** r, [..., 1]. */
  readonly rstd: Tensor;
  /** γ, [D]. */
  readonly gamma: Tensor;
}

function forward(
  k: Kernels,
  { x, params: { weight: gamma, bias: beta } }: Layer<LayerNormParams>,
  { eps }: LayerNormAttrs,
): Result<Tensor, LayerNormSaved> {
  const centred = k.sub(x, k.meanLast(x)); //                     (E4) x − μ
  const variance = k.meanLast(k.square(centred)); //              (E4) v
  const rstd = k.rsqrt(k.addScalar(variance, eps)); //            (E4) r
  const xHat = k.mul(centred, rstd); //                           (E4) x̂
  const y = k.add(k.mul(xHat, gamma), beta); //                   (E4) y
  return { out: y, saved: { xHat, rstd, gamma } };
}

function vjp(k: Kernels, { xHat, rstd, gamma }: LayerNormSaved, dy: Tensor): Grads<Layer<LayerNormParams>> {
  const leading = dy.shape.length - 1;
  const dBeta = k.sumLeading(dy, leading); //                     (G10)
  const dGamma = k.sumLeading(k.mul(dy, xHat), leading); //       (G10)

  const h = k.mul(dy, gamma); //                                  (G10) cotangent of x̂
  const alongOnes = k.meanLast(h); //                             through μ
  const alongXHat = k.mul(xHat, k.meanLast(k.mul(h, xHat))); //   through v
  const dx = k.mul(k.sub(k.sub(h, alongOnes), alongXHat), rstd);
  return { x: dx, params: { weight: dGamma, bias: dBeta } };
}

/** [..., D] → [..., D], each row with mean β and deviation γ. */
export const layerNorm: Op<Layer<LayerNormParams>, LayerNormSaved, LayerNormAttrs> = defineOp({
  name: "layerNorm",
  shapes: {
    inputs: { x: "... D", params: { weight: "D", bias: "D" } },
    saved: { xHat: "... D", rstd: "... 1", gamma: "D" },
    out: "... D",
  },
  check(_, { eps }) {
    if (!(eps > 0)) throw new RangeError(`layerNorm: eps must be > 0, got ${eps}`);
  },
  forward,
  vjp,
});
