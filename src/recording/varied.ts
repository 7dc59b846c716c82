/** The steps of a network as a variant of the catalogue has them. */
import type { Kernels } from "../kernels/kernels.ts";
import { parameterShapes } from "../model/params.ts";
import { goalOf, labelsOf, multiplierOf, weightOf } from "./build.ts";
import { RecordingError } from "./fields.ts";
import type { Recording } from "./read.ts";
import type { Reading } from "./readings.ts";
import { nth, type StepInputs, type StepOp } from "./stepOps.ts";
import { kindOf, type Step } from "./steps.ts";
import type { LossVariant, Place, Variant } from "./variants/variant.ts";

export const isForward = ({ name }: Pick<Reading, "name">): boolean => name === "loss" || name.startsWith("taps/");

/** Whether a variant can be at the step that makes this tap. */
export function fitsStep(variant: Variant, tap: string): boolean {
  if (variant.part === "optimizer") return false;
  if (variant.part === "loss") return tap === "loss";
  return variant.steps === null || variant.steps.includes(kindOf(tap));
}

/** Whether a variant can be at one of the steps that make this tensor. */
export function fits(variant: Variant, reading: Reading): boolean {
  const there = variant.part === "loss" || (variant.part === "forward") === isForward(reading);
  return there && reading.steps.some(({ tap }) => fitsStep(variant, tap));
}

function placeOf(k: Kernels, recording: Recording, step: Step, local: boolean): Place {
  const { model } = recording.configuration;
  const branch = step.given.find((name) => name.startsWith("dropPath/"))?.slice("dropPath/".length);
  return {
    model,
    step,
    batch: recording.batch,
    local,
    multiplier: branch === undefined ? null : multiplierOf(k, recording, branch),
    parameter: (name) => {
      const { shape, data } = weightOf(recording, name, parameterShapes(model).get(name) ?? []);
      return k.upload(shape, data);
    },
  };
}

function lossOp({ wrong }: LossVariant, recording: Recording): StepOp {
  const run = (k: Kernels, { taps }: StepInputs): ReturnType<LossVariant["wrong"]> => {
    const goal = goalOf(k, recording);
    const { loss, model } = recording.configuration;
    if (goal === null || loss === null) throw new RecordingError("there is no loss");
    const logits = { head: nth(taps, 0), head_dist: taps[1] ?? null };
    return wrong(k, logits, goal, { loss, classes: model.classes, labels: labelsOf(k, recording) });
  };
  return {
    forward: (k, inputs) => run(k, inputs).loss,
    pullback: (k, inputs) => {
      const { head, head_dist } = run(k, inputs).dLogits;
      return { taps: head_dist === null ? [head] : [head, head_dist], weights: [] };
    },
  };
}

/** The step as the variant has it. */
export function varied(variant: Variant, recording: Recording, local: boolean): (step: Step) => StepOp {
  return (step) => {
    if (!fitsStep(variant, step.tap)) return step;
    if (variant.part === "loss") return lossOp(variant, recording);
    if (variant.part === "forward")
      return { ...step, forward: (k, inputs) => variant.wrong(k, inputs, placeOf(k, recording, step, local)) };
    if (variant.part === "backward")
      return { ...step, pullback: (k, inputs, dOut) => variant.wrong(k, inputs, dOut, placeOf(k, recording, step, local)) };
    return step;
  };
}
