/**
 * A hypothesis: what is assumed to have made a recording. The right one is this project's network and optimiser; another has variants of the
 * catalogue in the place of some steps.
 */
import type { Kernels } from "../../kernels/kernels.ts";
import { optimise } from "../../train/optimizer/optimizer.ts";
import { goalOf, labelsOf, multiplierOf } from "./build.ts";
import { pulledThrough } from "./derivative.ts";
import { RecordingError } from "../format/fields.ts";
import type { Rule } from "./later.ts";
import type { Recording } from "../format/read.ts";
import { nth, type StepInputs, type StepOp } from "./stepOps.ts";
import { blockOf, kindOf, stepsOf, type Step } from "./steps.ts";
import type { BackwardVariant, ForwardVariant, LossVariant, OptimizerVariant, Place, StepVariant } from "../variants/variant.ts";

export interface Hypothesis {
  /** In the format's order, one a tap. */
  readonly steps: readonly Step[];
  /** One step of the optimiser. */
  readonly rule: Rule;
}

export const rightHypothesis = (recording: Recording): Hypothesis => ({ steps: stepsOf(recording), rule: optimise });

/** Whether a variant can be at the step that makes this tap. */
export function fitsStep(variant: StepVariant, tap: string): boolean {
  return variant.part === "loss" ? tap === "loss" : variant.steps.includes(kindOf(tap));
}

/** The sets of steps that a variant changes as a whole: single steps, or all of a block that it changes together. */
export function unitsOf(variant: StepVariant, { steps }: Hypothesis): readonly (readonly string[])[] {
  const taps = steps.flatMap(({ tap }) => (fitsStep(variant, tap) ? [tap] : []));
  if (variant.part !== "forward" || variant.together !== true) return taps.map((tap) => [tap]);
  return [...new Set(taps.map(blockOf))].map((block) => taps.filter((tap) => blockOf(tap) === block));
}

function placeOf(k: Kernels, recording: Recording, step: Step, given: readonly string[]): Place {
  const branch = given.find((name) => name.startsWith("dropPath/"))?.slice("dropPath/".length);
  const multiplier = branch === undefined ? null : multiplierOf(k, recording, branch);
  return { model: recording.configuration.model, step, multiplier };
}

/** A step with another formula, and the pullback that follows from it. */
function derived(step: Step, forward: StepOp["forward"]): Step {
  const pullback = (k: Kernels, { taps, weights }: StepInputs, dOut: StepInputs["taps"][number]): StepInputs => {
    const of = (inner: Kernels): StepInputs["taps"][number] => forward(inner, { taps, weights });
    const d = pulledThrough(k, of, [...taps, ...weights], dOut);
    return { taps: d.slice(0, taps.length), weights: d.slice(taps.length) };
  };
  return { ...step, forward, pullback };
}

function wrongForward({ rewired, wrong }: ForwardVariant, recording: Recording, right: Step): Step {
  const step = { ...right, ...rewired?.(right) };
  return derived(step, (k, inputs) => wrong(k, inputs, placeOf(k, recording, right, step.given)));
}

function wrongLoss({ wrong }: LossVariant, recording: Recording, right: Step): Step {
  return derived(right, (k, { taps }) => {
    const goal = goalOf(k, recording);
    const { loss, model } = recording.configuration;
    if (goal === null || loss === null) throw new RecordingError("there is no loss");
    return wrong(k, { head: nth(taps, 0), head_dist: taps[1] ?? null }, goal, {
      loss,
      classes: model.classes,
      labels: labelsOf(k, recording),
    });
  });
}

/** The pullback of a step that may be wrong already, made wrong. */
const wrongBackward = ({ wrong }: BackwardVariant, recording: Recording, step: Step): Step => ({
  ...step,
  pullback: (k, inputs, dOut) => wrong(k, inputs, dOut, placeOf(k, recording, step, step.given)),
});

/** A step as a variant has it; null where another variant is there that it cannot be combined with. */
function wrongStep(variant: StepVariant, recording: Recording, right: Step, now: Step): Step | null {
  const asItShould = now.forward === right.forward && now.pullback === right.pullback;
  if (variant.part === "backward")
    return asItShould || (now.forward !== right.forward && now.reads === right.reads) ? wrongBackward(variant, recording, now) : null;
  if (!asItShould) return null;
  return variant.part === "loss" ? wrongLoss(variant, recording, right) : wrongForward(variant, recording, right);
}

/** The hypothesis with a variant at these steps besides; null where another variant stands in its way. */
export function supposing(
  recording: Recording,
  right: Hypothesis,
  now: Hypothesis,
  variant: StepVariant,
  taps: ReadonlySet<string>,
): Hypothesis | null {
  const steps: Step[] = [];
  for (const [i, step] of now.steps.entries()) {
    const asItShould = right.steps[i] ?? step;
    const next = taps.has(step.tap) ? wrongStep(variant, recording, asItShould, step) : step;
    if (next === null) return null;
    steps.push(next);
  }
  return { ...now, steps };
}

/** The hypothesis with the right derivative behind a wrong formula: of a program whose gradients were written by hand. */
export function withRightPullback(right: Hypothesis, { steps, rule }: Hypothesis, taps: ReadonlySet<string>): Hypothesis {
  const kept = (step: Step, i: number): Step => {
    const { pullback, reads } = right.steps[i] ?? step;
    return taps.has(step.tap) && step.reads === reads ? { ...step, pullback } : step;
  };
  return { rule, steps: steps.map(kept) };
}

/** The hypothesis with a variant of the optimiser, whose settings fit; null where another stands in its way. */
export function supposingRule(right: Hypothesis, now: Hypothesis, { wrong }: OptimizerVariant): Hypothesis | null {
  return now.rule === right.rule ? { ...now, rule: wrong } : null;
}
