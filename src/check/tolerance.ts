/** The one table of tolerances. An error is a share of the expected tensor's scale, its largest absolute value, unless said otherwise. */

export interface Tolerance {
  readonly bound: number;
  readonly reason: string;
}

export type ToleranceName =
  | "exact"
  | "equation"
  | "linearity"
  | "directional"
  | "wholeModel"
  | "deviations"
  | "recordingF64"
  | "recordingF32"
  | "parityF64"
  | "sourceF64"
  | "ulps";

export const tolerances: { readonly [K in ToleranceName]: Tolerance } = {
  exact: { bound: 0, reason: "the same bits on both sides" },
  equation: {
    bound: 1e-12,
    reason: "f64, two orders of summation of up to 10⁴ terms: √10⁴·2⁻⁵³ ≈ 1e-14, and a factor 100 for cancellation",
  },
  linearity: { bound: 1e-11, reason: "f64, as an equation, through a whole pullback of several products" },
  directional: {
    bound: 1e-7,
    reason:
      "4-point stencil, unit direction, h = 1e-4: rounding 2⁻⁵³/h ≈ 1e-12 of the function value, which may be 10⁴ times its derivative; truncation h⁴",
  },
  wholeModel: { bound: 1e-6, reason: "as directional; 12 blocks of full size make the function value larger against its derivative" },
  deviations: { bound: 5, reason: "standard deviations of a mean of independent draws: beyond 5 once in 1.7 million" },
  recordingF64: { bound: 1e-9, reason: "f64 recordings on the reference engine (recording format, verification)" },
  recordingF32: {
    bound: 3e-6,
    reason: "stored in f32 (6e-8) or computed in f32 by the producer: up to 1.6e-6 measured between f32 and f64 arithmetic",
  },
  parityF64: { bound: 1e-10, reason: "a whole f64 network and its gradients against another implementation" },
  sourceF64: { bound: 1e-12, reason: "one f64 formula against another implementation" },
  ulps: { bound: 4, reason: "units in the last place of f64, against correctly rounded values" },
};
