/**
 * A variant: a well-known way to get one formula of DeiT wrong (recording format, section 6). It is a function from what a step reads to its wrong
 * output; where it makes no difference (the heads of a plain model cannot be swapped) it gives the right one.
 */
import type { Kernels } from "../../kernels/kernels.ts";
import type { DeitConfig } from "../../model/config.ts";
import type { Logits } from "../../model/heads.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { LossAndCotangents } from "../../train/objective.ts";
import type { Goal } from "../build.ts";
import type { RecordedLoss } from "../configuration.ts";
import type { Rule } from "../later.ts";
import type { StepInputs } from "../stepOps.ts";
import type { Step } from "../steps.ts";

interface About {
  readonly name: string;
  /** What is done in place of the formula. */
  readonly instead: string;
  /** Why it happens in practice. */
  readonly reason: string;
  /** Numbers of the formulas, as in deit.md: `(E9)`. */
  readonly equation: string;
}

/** What a step of the network has beside its inputs. */
export interface Place {
  readonly model: DeitConfig;
  readonly step: Step;
  /** B */
  readonly batch: number;
  /** Made from the recording's own values; false: from the images on. */
  readonly local: boolean;
  /** Multipliers of the branch that the step adds, [B] (E31); null elsewhere, and without drop path. */
  readonly multiplier: Tensor | null;
  /** A parameter that the step itself does not read. */
  readonly parameter: (name: string) => Tensor;
}

export interface ForwardVariant extends About {
  readonly part: "forward";
  /** Kinds of steps (`kindOf`) that it may be at. */
  readonly steps: readonly string[];
  readonly wrong: (k: Kernels, inputs: StepInputs, place: Place) => Tensor;
}

/** What the loss has beside logits and goal. */
export interface LossPlace {
  readonly loss: RecordedLoss;
  /** K */
  readonly classes: number;
  /** [B]; null: the target is a distribution. */
  readonly labels: Tensor | null;
}

export interface LossVariant extends About {
  readonly part: "loss";
  readonly wrong: (k: Kernels, logits: Logits, goal: Goal, place: LossPlace) => LossAndCotangents;
}

export interface BackwardVariant extends About {
  readonly part: "backward";
  /** Kinds of steps whose pullback it may be; null: any. */
  readonly steps: readonly string[] | null;
  readonly wrong: (k: Kernels, inputs: StepInputs, dOut: Tensor, place: Place) => StepInputs;
}

export interface OptimizerVariant extends About {
  readonly part: "optimizer";
  readonly kinds: readonly ("adamw" | "sgd")[];
  readonly wrong: Rule;
}

export type Variant = ForwardVariant | LossVariant | BackwardVariant | OptimizerVariant;
