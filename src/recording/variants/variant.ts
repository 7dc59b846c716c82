/**
 * A variant: a well-known way to get one formula of DeiT wrong (recording format, section 6). It is a function from what a step reads to its wrong
 * output; where it makes no difference (the heads of a plain model cannot be swapped) it gives the right one. The pullback of a wrong formula follows
 * from the formula (../derivative.ts).
 */
import type { Kernels } from "../../kernels/kernels.ts";
import type { DeitConfig } from "../../model/config.ts";
import type { Logits } from "../../model/heads.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { Goal } from "../steps/build.ts";
import type { RecordedLoss } from "../format/configuration.ts";
import type { Rule } from "../steps/later.ts";
import type { StepInputs } from "../steps/stepOps.ts";
import type { Step } from "../steps/steps.ts";

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
  /** The right step; of a backward variant the step as it is. */
  readonly step: Step;
  /** Multipliers of the branch that the step adds, [B] (E31); null elsewhere, and without drop path. */
  readonly multiplier: Tensor | null;
}

/** What a step reads. */
export type Wiring = Pick<Step, "reads" | "weights" | "given">;

/** A step that computes something else. */
export interface ForwardVariant extends About {
  /** Where it is looked for. */
  readonly part: "forward";
  /** Kinds of steps (`kindOf`) that it may be at. */
  readonly steps: readonly string[];
  /** Where these steps read something else than they should, what they read; `inputs` of `wrong` are in that order. */
  readonly rewired?: (step: Step) => Partial<Wiring>;
  /** All of these steps of a block are wrong at once; default: each by itself. */
  readonly together?: true;
  /** Taps that must be in the file, as `head`: without them something else gives the same. `taps` are the steps that are wrong. */
  readonly decidedBy?: (taps: ReadonlySet<string>) => readonly string[];
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

/** A loss that is something else. */
export interface LossVariant extends About {
  /** Where it is looked for. */
  readonly part: "loss";
  /** The wrong loss, a scalar. */
  readonly wrong: (k: Kernels, logits: Logits, goal: Goal, place: LossPlace) => Tensor;
}

/** A step whose forward is right and whose pullback is not. */
export interface BackwardVariant extends About {
  /** Where it is looked for. */
  readonly part: "backward";
  /** Kinds of steps whose pullback it may be. */
  readonly steps: readonly string[];
  /** The wrong cotangents of what the step reads. */
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

/** A variant of the network. */
export type StepVariant = Exclude<Variant, OptimizerVariant>;
