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
  /** The name of the input that was moved. */
  readonly input: string;
  /** null: along a direction of the whole input. */
  readonly index: readonly number[] | null;
  /** ⟨vjp(dOut), direction⟩, what the hand-written gradient says. */
  readonly analytic: number;
  /** The slope by central differences; NaN where forward gives none. */
  readonly numeric: number;
  /** The slope from the left: NaN where forward gives none. */
  readonly left: number;
  /** The slope from the right: NaN where forward gives none. */
  readonly right: number;
  /** What rounding and truncation leave open of the numeric side; 0 where both sides agree without it. */
  readonly uncertainty: number;
  /** |analytic − numeric| beyond the uncertainty, over the larger of both sides (and no less than a thousandth of the input's largest gradient); Infinity where one is not finite. */
  readonly error: number;
}

/** Where a fault is; all absent where it has no place. */
export interface Place {
  /** The input at fault. */
  readonly input?: string;
  /** The place in it, an index for each axis. */
  readonly index?: readonly number[];
  /** Both sides of the comparison that is off; it has input and index itself. */
  readonly finding?: Finding;
  /** What was thrown. */
  readonly cause?: unknown;
}

/** A fault on its way out of a case. */
export class Fault extends Error {
  /** `Fault`. */
  override readonly name = "Fault";
  /** What is wrong. */
  readonly kind: FaultKind;
  /** The input at fault; null where it is none in particular. */
  readonly input: string | null;
  /** The place in it, an index for each axis; null where it is none in particular. */
  readonly index: readonly number[] | null;
  /** Both sides of the comparison that is off; null where nothing was compared. */
  readonly finding: Finding | null;
  constructor(kind: FaultKind, message: string, { input, index, finding, cause }: Place = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.kind = kind;
    this.input = finding?.input ?? input ?? null;
    this.index = finding === undefined ? (index ?? null) : finding.index;
    this.finding = finding ?? null;
  }
}
