/**
 * A variant: a well-known way to get one formula of DeiT wrong (recording format, section 6). It is a function from what a step reads to its wrong
 * output; where it makes no difference (the heads of a plain model cannot be swapped) it gives the right output. The VJP of a wrong formula follows
 * from the formula (../steps/autodiff.ts).
 */
import type { Kernels } from "../../kernels/kernels.ts";
import type { DeitConfig } from "../../model/config.ts";
import type { Logits } from "../../model/heads.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { LossInputs } from "../steps/networkInputs.ts";
import type { RecordedLoss } from "../format/configuration.ts";
import type { Rule } from "../steps/optimizerSteps.ts";
import type { StepInputs } from "../steps/stepOps.ts";
import type { Step } from "../steps/steps.ts";

/** The name of a variant, and what reports say about it. */
interface About {
  /** Its name in reports: `gelu-tanh`. */
  readonly name: string;
  /** What the program does instead of the formula. */
  readonly instead: string;
  /** Why it happens in practice. */
  readonly reason: string;
  /** Numbers of the formulas, as in deit.md: `(E9)`. */
  readonly equation: string;
}

/** What a wrong step gets in addition to its inputs. */
export interface StepContext {
  /** The model's sizes. */
  readonly model: DeitConfig;
  /** The right step; for a backward variant the step under the current hypothesis, whose formula may be wrong. */
  readonly step: Step;
  /** The drop-path multipliers of the branch that the step adds, [B] (E31); null: it adds none, or there is no drop path. */
  readonly multiplier: Tensor | null;
}

/** The names of what a step reads. */
export type Wiring = Pick<Step, "reads" | "weights" | "given">;

/** A step that computes a wrong formula. */
export interface ForwardVariant extends About {
  /** Where it is looked for. */
  readonly part: "forward";
  /** Kinds of steps (`kindOf`) that it can replace. */
  readonly steps: readonly string[];
  /** What the steps read, if not what they should; `inputs` of `wrong` are in that order. */
  readonly rewired?: (step: Step) => Partial<Wiring>;
  /** All of these steps of a block are wrong at once; default: each can be wrong alone. */
  readonly together?: true;
  /** Taps, such as `head`, that the file must hold, since without them another error gives the same values. `taps` are the steps that are wrong. */
  readonly requiredTaps?: (taps: ReadonlySet<string>) => readonly string[];
  /** The wrong output. */
  readonly wrong: (k: Kernels, inputs: StepInputs, context: StepContext) => Tensor;
}

/** What a wrong loss gets in addition to the logits and the right loss's inputs. */
export interface LossContext {
  /** The loss as the recording's JSON describes it. */
  readonly loss: RecordedLoss;
  /** K */
  readonly classes: number;
  /** Class numbers, [B]; null: the target is a distribution. */
  readonly labels: Tensor | null;
}

/** A wrong loss. */
export interface LossVariant extends About {
  /** Where it is looked for. */
  readonly part: "loss";
  /** The wrong loss, a scalar. */
  readonly wrong: (k: Kernels, logits: Logits, lossInputs: LossInputs, context: LossContext) => Tensor;
}

/** A step whose formula is right and whose VJP is wrong. */
export interface BackwardVariant extends About {
  /** Where it is looked for. */
  readonly part: "backward";
  /** Kinds of steps whose VJP it can replace. */
  readonly steps: readonly string[];
  /** The wrong cotangents of what the step reads. */
  readonly wrong: (k: Kernels, inputs: StepInputs, dOut: Tensor, context: StepContext) => StepInputs;
}

/** A wrong step of the optimiser. */
export interface OptimizerVariant extends About {
  /** Where it is looked for. */
  readonly part: "optimizer";
  /** The optimisers whose step it can replace. */
  readonly kinds: readonly ("adamw" | "sgd")[];
  /** The wrong step. */
  readonly wrong: Rule;
}

/** A known mistake in a step, in its VJP, in the loss, or in the optimiser. */
export type Variant = ForwardVariant | LossVariant | BackwardVariant | OptimizerVariant;

/** A variant of the network. */
export type StepVariant = Exclude<Variant, OptimizerVariant>;
