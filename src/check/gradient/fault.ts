/** What can be wrong with a function and its gradient, or with a check of them, and where. */

export type FaultKind =
  /** The options of the check are wrong, or the inputs that were drawn. */
  | "options"
  /** A value is not an array, an array has not as many numbers as its shape requires, or a gradient has not the shape of its input. */
  | "shape"
  /** A gradient is missing, or belongs to no input. */
  | "entries"
  /** forward or vjp returns NaN or an infinity. */
  | "non-finite"
  /** A function writes into an argument, or returns different results for equal arguments. */
  | "impure"
  /** forward or vjp threw; `cause` is what it threw. */
  | "threw"
  /** A gradient is not the derivative. */
  | "gradient"
  /** vjp is not linear in dOut. */
  | "linearity"
  /** forward is not linear in an input that the check names as linear. */
  | "not-linear"
  /** There is no derivative: the slopes from the left and from the right differ, or the output jumps. */
  | "kink"
  /** Rounding in forward hides what finite differences could show. */
  | "unresolved";

/** The two sides at one coordinate, or along a direction. */
export interface Finding {
  /** The name of the input that was moved. */
  readonly input: string;
  /** The coordinate that was moved; null: a direction in the whole input. */
  readonly index: readonly number[] | null;
  /** ⟨vjp(dOut), direction⟩, the value by the hand-written gradient. */
  readonly analytic: number;
  /** The slope by central differences; NaN where forward returns no number. */
  readonly numeric: number;
  /** The slope from the left; NaN where forward returns no number. */
  readonly left: number;
  /** The slope from the right; NaN where forward returns no number. */
  readonly right: number;
  /** The relative uncertainty of the numeric side, by rounding and truncation; 0 where both sides agree without it. */
  readonly uncertainty: number;
  /**
   * |analytic − numeric| beyond the uncertainty, divided by the larger of both sides or a thousandth of the input's largest gradient, whichever is
   * larger; Infinity where a side is not finite.
   */
  readonly error: number;
}

/** Where a fault is; a property is absent where it does not apply. */
export interface FaultLocation {
  /** The input at fault. */
  readonly input?: string;
  /** The element of the input, an index for each axis. */
  readonly index?: readonly number[];
  /** The comparison that failed; it names input and index too. */
  readonly finding?: Finding;
  /** What forward or vjp threw. */
  readonly cause?: unknown;
}

/** Ends a case that has a fault; `checkGradient` turns it into a `GradientError`. */
export class Fault extends Error {
  /** `Fault`. */
  override readonly name = "Fault";
  /** What is wrong. */
  readonly kind: FaultKind;
  /** The input at fault; null if it is no particular input. */
  readonly input: string | null;
  /** The element of the input, an index for each axis; null if it is no particular element. */
  readonly index: readonly number[] | null;
  /** The comparison that failed; null where nothing was compared. */
  readonly finding: Finding | null;
  constructor(kind: FaultKind, message: string, { input, index, finding, cause }: FaultLocation = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.kind = kind;
    this.input = finding?.input ?? input ?? null;
    this.index = finding === undefined ? (index ?? null) : finding.index;
    this.finding = finding ?? null;
  }
}
