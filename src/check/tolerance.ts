/**
 * The one table of tolerances. An error is a share of the expected tensor's scale, its largest absolute value, unless said otherwise.
 *
 * An engine is held to the bound of its precision. On one of f32 the inputs are numbers that f32 has, so that what is left is the engine's
 * own rounding, u = 2⁻²⁴ = 6e-8 of each result: C·√K·u, with C roundings one after the other and sums of K terms (√K ≤ 4 in most cases), and more
 * where terms are larger than what is left of them. "Measured" is the worst of 1000 cases of every row.
 */
import type { Precision } from "../kernels/engine.ts";

/** The largest error that holds, with the reason why it is so large. */
export interface Bound {
  /** The largest error that holds, relative to the scale of what is compared; 0: equal to the bit. */
  readonly bound: number;
  /** Where such errors come from. */
  readonly reason: string;
}

/** What an engine of each precision is held to. */
export type Tolerance = { readonly [P in Precision]: Bound };

/** What is compared: a key of `tolerances`. */
export type ToleranceName =
  | "exact"
  | "equation"
  | "linearity"
  | "gradients"
  | "parity"
  | "limit"
  | "deviations"
  | "recording"
  | "recordedEndToEnd"
  | "recordedAdamW";

const EXACT: Bound = { bound: 0, reason: "the same bits on both sides" };
const DEVIATIONS: Bound = { bound: 5, reason: "standard deviations of a mean of independent draws: beyond 5 once in 1.7 million" };

/** Every bound of this project, by what is compared, for engines of each precision. */
export const tolerances: { readonly [K in ToleranceName]: Tolerance } = {
  exact: { f64: EXACT, f32: EXACT, f16: EXACT },
  equation: {
    f64: {
      bound: 1e-12,
      reason: "two orders of summation of up to 10⁴ terms: √10⁴·2⁻⁵³ ≈ 1e-14, and a factor 100 for cancellation",
    },
    f32: {
      bound: 5e-5,
      reason:
        "C = 10: 2.4e-6, and twice that where a divergence has a factor τ² or a row hardly varies; measured 5.2e-6 (1.3e-5 where a kernel sums 1000 equal terms one by one); a factor 10 above",
    },
    f16: { bound: 0.02, reason: "C = 10 roundings of 2⁻¹¹ and sums of up to √K = 4 as many" },
  },
  linearity: {
    f64: { bound: 1e-11, reason: "as an equation, through a whole pullback of several products" },
    f32: {
      bound: 1e-4,
      reason: "as gradients, three pullbacks and the sum of two; measured 9e-6; a factor 11 above",
    },
    f16: { bound: 0.03, reason: "as gradients, three pullbacks and the sum of two" },
  },
  gradients: {
    f64: {
      bound: 1e-7,
      reason:
        "4-point stencil, unit direction, h = 1e-4: rounding 2⁻⁵³/h ≈ 1e-12 of the function value, which may be 10⁴ times its derivative; truncation h⁴",
    },
    f32: {
      bound: 2e-4,
      reason:
        "against the reference engine: C = 30 for forward and pullback: 7e-6, more in leaves that are small against the largest; measured 2.3e-5; a factor 9 above",
    },
    f16: {
      bound: 1e-1,
      reason:
        "as an equation, through forward and pullback; measured 5e-3 of an op, 3.5e-2 of a whole training step, whose small leaves are sums of what is rounded; a factor 3 above",
    },
  },
  parity: {
    f64: { bound: 1e-11, reason: "as linearity: the same pullback in another order" },
    f32: {
      bound: 1e-4,
      reason: "as gradients: the same in another order, each side with roundings of its own; measured 6.3e-6; a factor 16 above",
    },
    f16: { bound: 0.02, reason: "as gradients: the definition rounds nothing to f16" },
  },
  limit: {
    f64: { bound: 1e-7, reason: "extrapolated from τ = 5000: rounding 2⁻⁵³·τ ≈ 1e-12, and (1/τ)³ ≈ 1e-11 that the extrapolation leaves" },
    f32: {
      bound: 5e-4,
      reason: "extrapolated from τ = 50: rounding u·4τ·8/3 = 3e-5, and (1/τ)³ = 8e-6; measured 4.5e-5; a factor 11 above",
    },
    f16: { bound: 0.05, reason: "extrapolated from τ = 50, which is done in f32" },
  },
  deviations: { f64: DEVIATIONS, f32: DEVIATIONS, f16: DEVIATIONS },
  recording: {
    f64: { bound: 1e-9, reason: "f64 recordings on the reference engine (recording format, verification)" },
    f32: {
      bound: 3e-6,
      reason:
        "one step, stored in f32 (6e-8) or computed in f32 by producer or engine: up to 9e-7 measured between f32 and f64 arithmetic; where terms cancel, rounding is measured (recording/rounding.ts)",
    },
    f16: { bound: 0.005, reason: "one step: factors and result rounded to f16, 2⁻¹¹ each" },
  },
  recordedEndToEnd: {
    f64: { bound: 1e-9, reason: "as recording" },
    f32: {
      bound: 1e-5,
      reason: "from the images on, through up to 12 blocks and back: 2.6e-6 measured on DeiT-Ti, 2.4e-6 on DeiT-B at 384; a factor 4 above",
    },
    f16: { bound: 0.02, reason: "through all blocks and back" },
  },
  recordedAdamW: {
    f64: { bound: 1e-9, reason: "as recording" },
    f32: {
      bound: 2.5e-5,
      reason:
        "weights after AdamW, which divides a gradient by its own size: one that is as small as its rounding makes a step that is off by a share of the rate; measured 4.7e-6 of the weights; a factor 5 above",
    },
    f16: { bound: 0.02, reason: "as recordedEndToEnd; weights move by a share of the rate" },
  },
};

/** Of what is computed in f64 only. */
export const referenceBounds: { readonly [K in "wholeModel" | "parity" | "source" | "ulps"]: Bound } = {
  wholeModel: { bound: 1e-6, reason: "as gradients; 12 blocks of full size make the function value larger against its derivative" },
  parity: { bound: 1e-10, reason: "a whole network and its gradients against another implementation" },
  source: { bound: 1e-12, reason: "one formula against another implementation" },
  ulps: { bound: 4, reason: "units in the last place of f64, against correctly rounded values" },
};
