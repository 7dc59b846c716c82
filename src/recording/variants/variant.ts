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

/** What a variant is called, and what is to be said of it. */
interface About {
  /** Its name in reports: `gelu-tanh`. */
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
  /** The model's sizes. */
  readonly model: DeitConfig;
  /** The step itself. */
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

/** A step that computes something else. */
export interface ForwardVariant extends About {
  /** Where it is looked for. */
  readonly part: "forward";
  /** Kinds of steps (`kindOf`) that it may be at. */
  readonly steps: readonly string[];
  /** The wrong output. */
  readonly wrong: (k: Kernels, inputs: StepInputs, place: Place) => Tensor;
}

/** What the loss has beside logits and goal. */
export interface LossPlace {
  /** The loss that the file says it is. */
  readonly loss: RecordedLoss;
  /** K */
  readonly classes: number;
  /** [B]; null: the target is a distribution. */
  readonly labels: Tensor | null;
}

/** A loss that is something else, with its cotangents. */
export interface LossVariant extends About {
  /** Where it is looked for. */
  readonly part: "loss";
  /** The wrong loss, and its gradient. */
  readonly wrong: (k: Kernels, logits: Logits, goal: Goal, place: LossPlace) => LossAndCotangents;
}

/** A step whose forward is right and whose pullback is not. */
export interface BackwardVariant extends About {
  /** Where it is looked for. */
  readonly part: "backward";
  /** Kinds of steps whose pullback it may be; null: any. */
  readonly steps: readonly string[] | null;
  /** The wrong gradients. */
  readonly wrong: (k: Kernels, inputs: StepInputs, dOut: Tensor, place: Place) => StepInputs;
}

/** An optimiser that makes another step. */
export interface OptimizerVariant extends About {
  /** Where it is looked for. */
  readonly part: "optimizer";
  /** Optimisers that it may be at. */
  readonly kinds: readonly ("adamw" | "sgd")[];
  /** The wrong step. */
  readonly wrong: Rule;
}

/** A known mistake: of a step, of its pullback, of the loss, or of the optimiser. */
export type Variant = ForwardVariant | LossVariant | BackwardVariant | OptimizerVariant;
