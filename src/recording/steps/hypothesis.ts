/**
 * A hypothesis: the network and the optimiser that are assumed to have made a recording. The right hypothesis is this project's own; any other replaces
 * some of its steps by variants of the catalogue.
 */
import type { Kernels } from "../../kernels/kernels.ts";
import { optimise } from "../../train/optimizer/optimizer.ts";
import { lossInputsOf, labelsOf, multiplierOf } from "./networkInputs.ts";
import { vjpOf } from "./autodiff.ts";
import { RecordingError } from "../format/fields.ts";
import type { Rule } from "./optimizerSteps.ts";
import type { Recording } from "../format/read.ts";
import { nth, type StepOp } from "./stepOps.ts";
import { blockOf, kindOf, stepsOf, type Step } from "./steps.ts";
import type { BackwardVariant, ForwardVariant, LossVariant, OptimizerVariant, StepContext, StepVariant } from "../variants/variant.ts";

export interface Hypothesis {
  /** In the format's order, one for each tap. */
  readonly steps: readonly Step[];
  /** One step of the optimiser. */
  readonly rule: Rule;
}

export const rightHypothesis = (recording: Recording): Hypothesis => ({ steps: stepsOf(recording), rule: optimise });

/** Whether a variant can replace the step that makes this tap. */
export function fitsStep(variant: StepVariant, tap: string): boolean {
  return variant.part === "loss" ? tap === "loss" : variant.steps.includes(kindOf(tap));
}

/** The smallest sets of steps that a variant can replace: single steps, or all steps of a block that it changes together. */
export function unitsOf(variant: StepVariant, { steps }: Hypothesis): readonly (readonly string[])[] {
  const taps = steps.flatMap(({ tap }) => (fitsStep(variant, tap) ? [tap] : []));
  if (variant.part !== "forward" || variant.together !== true) return taps.map((tap) => [tap]);
  return [...new Set(taps.map(blockOf))].map((block) => taps.filter((tap) => blockOf(tap) === block));
}

function contextOf(k: Kernels, recording: Recording, step: Step, given: readonly string[]): StepContext {
  const branch = given.find((name) => name.startsWith("dropPath/"))?.slice("dropPath/".length);
  const multiplier = branch === undefined ? null : multiplierOf(k, recording, branch);
  return { model: recording.configuration.model, step, multiplier };
}

/** The step with another formula, and with the VJP that follows from that formula. */
function derived(step: Step, forward: StepOp["forward"]): Step {
  const vjp: StepOp["vjp"] = (k, { taps, weights }, dOut) => {
    const d = vjpOf(k, (inner) => forward(inner, { taps, weights }), [...taps, ...weights], dOut);
    return { taps: d.slice(0, taps.length), weights: d.slice(taps.length) };
  };
  return { ...step, forward, vjp };
}

function wrongForward({ rewired, wrong }: ForwardVariant, recording: Recording, right: Step): Step {
  const step = { ...right, ...rewired?.(right) };
  return derived(step, (k, inputs) => wrong(k, inputs, contextOf(k, recording, right, step.given)));
}

function wrongLoss({ wrong }: LossVariant, recording: Recording, right: Step): Step {
  return derived(right, (k, { taps }) => {
    const lossInputs = lossInputsOf(k, recording);
    const { loss, model } = recording.configuration;
    if (lossInputs === null || loss === null) throw new RecordingError("there is no loss");
    return wrong(k, { head: nth(taps, 0), head_dist: taps[1] ?? null }, lossInputs, {
      loss,
      classes: model.classes,
      labels: labelsOf(k, recording),
    });
  });
}

/** The step, which may have a wrong formula already, with a wrong VJP. */
const wrongBackward = ({ wrong }: BackwardVariant, recording: Recording, step: Step): Step => ({
  ...step,
  vjp: (k, inputs, dOut) => wrong(k, inputs, dOut, contextOf(k, recording, step, step.given)),
});

/** The step with a variant; null: the step has another variant already, with which this one cannot be combined. */
function wrongStep(variant: StepVariant, recording: Recording, right: Step, now: Step): Step | null {
  const isRight = now.forward === right.forward && now.vjp === right.vjp;
  if (variant.part === "backward")
    return isRight || (now.forward !== right.forward && now.reads === right.reads) ? wrongBackward(variant, recording, now) : null;
  if (!isRight) return null;
  return variant.part === "loss" ? wrongLoss(variant, recording, right) : wrongForward(variant, recording, right);
}

/** The hypothesis `now` with one more variant, at these steps; null: it cannot be combined with those that are there already. */
export function supposing(
  recording: Recording,
  right: Hypothesis,
  now: Hypothesis,
  variant: StepVariant,
  taps: ReadonlySet<string>,
): Hypothesis | null {
  const steps: Step[] = [];
  for (const [i, step] of now.steps.entries()) {
    const next = taps.has(step.tap) ? wrongStep(variant, recording, right.steps[i] ?? step, step) : step;
    if (next === null) return null;
    steps.push(next);
  }
  return { ...now, steps };
}

/** The hypothesis with the right VJP behind the wrong formulas of these steps: a program whose gradients were written by hand may do that. */
export function withRightVjp(right: Hypothesis, { steps, rule }: Hypothesis, taps: ReadonlySet<string>): Hypothesis {
  const kept = (step: Step, i: number): Step => {
    const { vjp, reads } = right.steps[i] ?? step;
    return taps.has(step.tap) && step.reads === reads ? { ...step, vjp } : step;
  };
  return { rule, steps: steps.map(kept) };
}

/** The hypothesis with a variant of the optimiser; null: its optimiser is wrong already. */
export function supposingRule(right: Hypothesis, now: Hypothesis, { wrong }: OptimizerVariant): Hypothesis | null {
  return now.rule === right.rule ? { ...now, rule: wrong } : null;
}
