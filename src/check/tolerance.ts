/**
 * The single table of tolerances. An error is a share of the expected tensor's scale, its largest absolute value, unless stated otherwise.
 *
 * The bound depends on the engine's precision. For an f32 engine, f32 can represent the inputs exactly, so that the error is the engine's own
 * rounding, u = 2⁻²⁴ = 6e-8 of each result: C·√K·u for C roundings in sequence and sums of K terms (√K ≤ 4 in most cases), and more where the
 * terms of a sum cancel. "Measured" is the worst of 1000 cases of every row.
 */
import type { Precision } from "../kernels/engine.ts";

/** The largest error allowed, with the reason for its size. */
export interface Bound {
  /** The largest error allowed, relative to the scale of the expected values; 0: bitwise identical. */
  readonly bound: number;
  /** The source of such errors. */
  readonly reason: string;
}

/** The bound for an engine of each precision. */
export type Tolerance = { readonly [P in Precision]: Bound };

/** A kind of comparison: a key of `tolerances`. */
export type ToleranceName =
  | "exact"
  | "equation"
  | "linearity"
  | "gradients"
  | "parity"
  | "limit"
  | "deviations"
  | "distribution"
  | "recording"
  | "recordedEndToEnd"
  | "recordedAdamW";

const EXACT: Bound = { bound: 0, reason: "bitwise identical" };
const DEVIATIONS: Bound = { bound: 5, reason: "standard deviations of a mean of independent draws: beyond 5 once in 1.7 million" };
const DISTRIBUTION: Bound = {
  bound: 3.3,
  reason:
    "√n · sup|Fₙ − F| of n independent draws, or √n times their mean distance from a probability: beyond x with probability at most 2e^(−2x²) = 7e-10, for every distribution (Dvoretzky, Kiefer and Wolfowitz with Massart's constant; Hoeffding)",
};

/** Every bound of this project, by kind of comparison, for engines of each precision. */
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
        "C = 10: 2.4e-6, and twice that where a divergence has a factor τ² or a row hardly varies; measured 5.2e-6 (1.3e-5 where a kernel sums 1000 equal terms one by one), and a factor 10",
    },
    f16: { bound: 0.02, reason: "C = 10 roundings of 2⁻¹¹ and sums of up to √K = 4 as many" },
  },
  linearity: {
    f64: { bound: 1e-11, reason: "as an equation, through a whole VJP of several matrix multiplications" },
    f32: {
      bound: 1e-4,
      reason: "as gradients, three VJPs and the sum of two; measured 9e-6, and a factor 11",
    },
    f16: { bound: 0.03, reason: "as gradients, three VJPs and the sum of two" },
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
        "against the reference engine: C = 30 for forward and VJP: 7e-6, more in leaves that are small against the largest; measured 2.3e-5, and a factor 9",
    },
    f16: {
      bound: 1e-1,
      reason:
        "as an equation, through forward and VJP; measured 5e-3 for an op, 3.5e-2 for a whole training step, whose small leaves are sums of rounded numbers, and a factor 3",
    },
  },
  parity: {
    f64: { bound: 1e-11, reason: "as linearity: the same VJP in another order" },
    f32: {
      bound: 1e-4,
      reason: "as gradients: the same in another order, each side with its own roundings; measured 6.3e-6, and a factor 16",
    },
    f16: { bound: 0.02, reason: "as gradients: the definition rounds nothing to f16" },
  },
  limit: {
    f64: { bound: 1e-7, reason: "extrapolated from τ = 5000: rounding 2⁻⁵³·τ ≈ 1e-12, and a remainder of (1/τ)³ ≈ 1e-11" },
    f32: {
      bound: 5e-4,
      reason: "extrapolated from τ = 50: rounding u·4τ·8/3 = 3e-5, and (1/τ)³ = 8e-6; measured 4.5e-5, and a factor 11",
    },
    f16: { bound: 0.05, reason: "extrapolated from τ = 50, in f32" },
  },
  deviations: { f64: DEVIATIONS, f32: DEVIATIONS, f16: DEVIATIONS },
  distribution: { f64: DISTRIBUTION, f32: DISTRIBUTION, f16: DISTRIBUTION },
  recording: {
    f64: { bound: 1e-9, reason: "f64 recordings on the reference engine (recording format, verification)" },
    f32: {
      bound: 3e-6,
      reason:
        "one step, stored in f32 (6e-8) or computed in f32 by producer or engine: up to 9e-7 measured between f32 and f64 arithmetic; where terms cancel, the rounding error is measured (recording/rounding.ts)",
    },
    f16: { bound: 0.005, reason: "one step: factors and result rounded to f16, 2⁻¹¹ each" },
  },
  recordedEndToEnd: {
    f64: { bound: 1e-9, reason: "as recording" },
    f32: {
      bound: 1e-5,
      reason:
        "from the images through up to 12 blocks and back: 2.6e-6 measured for DeiT-Ti, 2.4e-6 for DeiT-B at 384 pixels, and a factor 4",
    },
    f16: { bound: 0.02, reason: "through all blocks and back" },
  },
  recordedAdamW: {
    f64: { bound: 1e-9, reason: "as recording" },
    f32: {
      bound: 2.5e-5,
      reason:
        "weights after AdamW, which divides a gradient by its own size: if that is as small as its rounding error, the step is wrong by a share of the learning rate; measured 4.7e-6 of the weights, and a factor 5",
    },
    f16: { bound: 0.02, reason: "as recordedEndToEnd; weights move by a share of the learning rate" },
  },
};

/** The bounds of comparisons that are made in f64 only. */
export const referenceBounds: { readonly [K in "wholeModel" | "parity" | "source" | "ulps"]: Bound } = {
  wholeModel: { bound: 1e-6, reason: "as gradients; with 12 blocks of full size, the function value is larger relative to its derivative" },
  parity: { bound: 1e-10, reason: "a whole network and its gradients against another implementation" },
  source: { bound: 1e-12, reason: "one formula against another implementation" },
  ulps: { bound: 4, reason: "units in the last place of f64, against correctly rounded values" },
};
