/** What is known of the errors of a recording. */
import type { Engine } from "../../kernels/engine.ts";

/** A known mistake that gives the recorded values. */
export interface Explanation {
  /** Name of the variant. */
  readonly variant: string;
  /** How far its values are from the recorded ones, as a share of their scale. */
  readonly residual: number;
  /** What is computed instead, why that happens, and the equation, in a sentence. */
  readonly text: string;
}

/** One step that is wrong by its own inputs (recording format, section 5). */
export interface StepExplanation {
  /** The first tensor that shows it, as in the file: `taps/blocks.0.mid`. */
  readonly at: string;
  /** Name of the variant; null unless exactly one reproduces the step. */
  readonly variant: string | null;
  /** How far the variant's values are from the recorded ones, as a share of their scale; null without a variant. */
  readonly residual: number | null;
  /** What is wrong in a sentence, or what the numbers show. */
  readonly text: string;
  /** How many blocks have the same variant at this step, this one included. */
  readonly count: number;
}

/** What is known about the first tensor that is wrong. */
export interface Findings {
  /** The one known mistake that gives its numbers; null: none does, or several do. */
  readonly explanation: Explanation | null;
  /** Variants that all give the recorded values; empty if there is one, or none. */
  readonly candidates: readonly string[];
  /** What the numbers themselves show. */
  readonly hints: readonly string[];
}

/** How long explanations are looked for, and who is told. */
export interface Limits {
  /** No more variants are tried when this is true. */
  readonly expired: () => boolean;
  /** Called with what is being tried. */
  readonly trying: (what: string) => void;
  /** Makes an engine of f32 that looks ahead where a network is large; it is closed afterwards. */
  readonly scout: (() => Promise<Engine>) | null;
}

/** Everything that is known of the errors of a recording. */
export interface Explained {
  /** Of the first wrong tensor. */
  readonly findings: Findings;
  readonly explanations: readonly StepExplanation[];
}
