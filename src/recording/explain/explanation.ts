/** The types of what is known about the errors of a recording. */
import type { Engine } from "../../kernels/engine.ts";

/** A known mistake that reproduces the recorded values. */
export interface Explanation {
  /** Name of the variant. */
  readonly variant: string;
  /** How far its values are from the recorded ones, as a share of their scale. */
  readonly residual: number;
  /** What is computed instead, why that happens, and the equation, in a sentence. */
  readonly text: string;
}

/** One step that is wrong locally (recording format, section 5). */
export interface StepExplanation {
  /** The first tensor that shows it, as in the file: `taps/blocks.0.mid`. */
  readonly at: string;
  /** Name of the variant; null unless exactly one reproduces the step. */
  readonly variant: string | null;
  /** How far the variant's values are from the recorded ones, as a share of their scale; null without a variant. */
  readonly residual: number | null;
  /** What is wrong, in a sentence, or what the numbers show. */
  readonly text: string;
  /** How many blocks have the same variant at this step, this one included. */
  readonly count: number;
}

/** What is known about the first tensor that is wrong. */
export interface Findings {
  /** The one known mistake that reproduces its numbers; null: none does, or several do. */
  readonly explanation: Explanation | null;
  /** Names of the variants that reproduce the recorded values, if there are several. */
  readonly candidates: readonly string[];
  /** What the numbers themselves show. */
  readonly hints: readonly string[];
}

/** Limits of the search for explanations, and a callback for its progress. */
export interface Limits {
  /** Whether the time is up; then no more variants are tried. */
  readonly expired: () => boolean;
  /** Called with a text that says what is being tried. */
  readonly trying: (what: string) => void;
  /** Makes a fast f32 engine, with which the search rules out variants of a large network; the search closes it. null: there is none. */
  readonly scout: (() => Promise<Engine>) | null;
}

/** Everything that is known about the errors of a recording. */
export interface Explanations {
  /** What is known about the first wrong tensor. */
  readonly findings: Findings;
  readonly explanations: readonly StepExplanation[];
}
