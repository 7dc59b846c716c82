/**
 * GELU and the feed-forward network by loops.
 *
 *   (E9)   Φ(x) = ½(1 + erf(x/√2))      GELU(x) = x Φ(x)
 *          erf(z) = 2/√π e^(−z²) Σ_n 2ⁿ z^(2n+1) / (1·3·…·(2n+1))              all terms of one sign (DLMF 7.6.2)
 *          Φ(−a) = φ(a) · 1/(a + 1/(a + 2/(a + 3/(a + …))))                   the tail, where 1 + erf cancels (Abramowitz & Stegun 26.2.14)
 *   (E10)  FFN(x) = GELU(x W₁ᵀ + b₁) W₂ᵀ + b₂
 *
 *   (G11)  x̄ = ȳ (Φ(x) + x φ(x))        φ(x) = exp(−x²/2)/√(2π)
 */
import type { Host, HostArray } from "../../check/host.ts";
import type { MlpParams } from "../../model/mlp.ts";
import type { Layer } from "../../ops/op.ts";
import { linear, linearVjp } from "./linear.ts";
import { mapped, masked, paired } from "./rows.ts";

/** φ(x) */
const density = (x: number): number => Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);

function erf(z: number): number {
  let [term, total] = [z, z];
  for (let n = 1; Math.abs(term) > Number.EPSILON * Math.abs(total) * 0.1; n++) {
    term *= (2 * z * z) / (2 * n + 1);
    total += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-z * z) * total;
}

/** Below x = TAIL the continued fraction is used; at this depth it is exact up to rounding. */
const TAIL = -2;
const DEPTH = 200;

/** Φ(x) of (E9). */
export function normalCdf(x: number): number {
  if (x >= TAIL) return (1 + erf(x / Math.SQRT2)) / 2;
  let fraction = -x;
  for (let n = DEPTH; n > 0; n--) fraction = -x + n / fraction;
  return density(x) / fraction;
}

/** (E9) */
export const gelu = (x: HostArray): HostArray => mapped(x, (value) => value * normalCdf(value));

/** GELU′(x) of (G11). */
export const geluSlope = (x: number): number => normalCdf(x) + x * density(x);

/** (G11) */
export const geluVjp = (x: HostArray, dy: HostArray): HostArray => paired(x, dy, (value, d) => d * geluSlope(value));

/** The dropout masks after GELU and of the output; null: nothing is dropped. */
export interface MlpMasks {
  readonly drop1: HostArray | null;
  readonly drop2: HostArray | null;
}

/** (E10): [B, T, D] → [B, T, D]. */
export function mlp(x: HostArray, { fc1, fc2 }: Host<MlpParams>, masks: MlpMasks = { drop1: null, drop2: null }): HostArray {
  return masked(linear(masked(gelu(linear(x, fc1)), masks.drop1), fc2), masks.drop2);
}

/** (G1), (G11), (G1) */
export function mlpVjp(x: HostArray, { fc1, fc2 }: Host<MlpParams>, dy: HostArray): Host<Layer<MlpParams>> {
  const hidden = linear(x, fc1);
  const dFc2 = linearVjp(gelu(hidden), fc2, dy);
  const dFc1 = linearVjp(x, fc1, geluVjp(hidden, dFc2.x));
  return { x: dFc1.x, params: { fc1: dFc1.params, fc2: dFc2.params } };
}
