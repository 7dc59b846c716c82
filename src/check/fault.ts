/** What can be wrong with an operator, or with how it is checked; and where. */

export type FaultKind =
  /** The check itself: its options, or inputs that were drawn. */
  | "options"
  /** An array is none, has not as many numbers as its shape says, or not the shape of its input. */
  | "shape"
  /** A gradient is missing, or is of no input. */
  | "entries"
  /** NaN or an infinity, of forward or of vjp. */
  | "non-finite"
  /** An argument is written into, or two calls with equal arguments differ. */
  | "impure"
  /** forward or vjp threw; `cause` is what. */
  | "threw"
  /** A gradient is not the derivative. */
  | "gradient"
  /** vjp is not linear in dOut. */
  | "linearity"
  /** forward is not linear in an input that it is said to be linear in. */
  | "not-linear"
  /** No derivative: slopes from the left and from the right differ, or the output jumps. */
  | "kink"
  /** Rounding in forward is larger than what a difference could show. */
  | "unresolved";

/** The two sides at one coordinate, or along a direction. */
export interface Finding {
  readonly input: string;
  /** null: along a direction of the whole input. */
  readonly index: readonly number[] | null;
  readonly analytic: number;
  /** By finite differences: central, and from either side. NaN where forward gives none. */
  readonly numeric: number;
  readonly left: number;
  readonly right: number;
  /** What rounding and truncation leave open of the numeric side; 0 where both sides agree without it. */
  readonly uncertainty: number;
  /** |analytic − numeric| beyond the uncertainty, over the larger of both sides (and no less than a thousandth of the input's largest gradient); Infinity where one is not finite. */
  readonly error: number;
}

/** Where a fault is; all absent where it has no place. */
export interface Place {
  readonly input?: string;
  readonly index?: readonly number[];
  readonly finding?: Finding;
  readonly cause?: unknown;
}

/** A fault on its way out of a case. */
export class Fault extends Error {
  override readonly name = "Fault";
  readonly kind: FaultKind;
  readonly input: string | null;
  readonly index: readonly number[] | null;
  readonly finding: Finding | null;
  constructor(kind: FaultKind, message: string, { input, index, finding, cause }: Place = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.kind = kind;
    this.input = finding?.input ?? input ?? null;
    this.index = finding === undefined ? (index ?? null) : finding.index;
    this.finding = finding ?? null;
  }
}
