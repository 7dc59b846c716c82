/**
 * Gaussian error linear unit in its exact form, by the error function. (The tanh approximation differs by up to 4.7e-4.)
 *
 *   (E9)   Φ(x) = ½(1 + erf(x/√2))      GELU(x) = x Φ(x)
 *
 *   (G11)  x̄ = ȳ ⊙ (Φ(x) + x φ(x))      φ(x) = exp(−x²/2)/√(2π) = Φ′(x)
 */
import type { Kernels } from "../kernels/kernels.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { defineOp, type Grads, type Op, type Result } from "./op.ts";

/** What `gelu` differentiates. */
export interface GeluInputs {
  /** Any shape. */
  readonly x: Tensor;
}

/** What the VJP of `gelu` reads. */
export interface GeluSaved {
  /** The input, of any shape. */
  readonly x: Tensor;
}

function forward(k: Kernels, { x }: GeluInputs): Result<Tensor, GeluSaved> {
  return { out: k.mul(x, k.normalCdf(x)), saved: { x } }; //      (E9)
}

function vjp(k: Kernels, { x }: GeluSaved, dy: Tensor): Grads<GeluInputs> {
  const density = k.scale(k.exp(k.scale(k.square(x), -0.5)), 1 / Math.sqrt(2 * Math.PI)); // φ
  const slope = k.add(k.normalCdf(x), k.mul(x, density));
  return { x: k.mul(dy, slope) }; //                              (G11)
}

/** [...] → [...] */
export const gelu: Op<GeluInputs, GeluSaved> = defineOp({
  name: "gelu",
  shapes: { inputs: { x: "..." }, saved: { x: "..." }, out: "..." },
  forward,
  vjp,
});
