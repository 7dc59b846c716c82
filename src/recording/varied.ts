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

export const isForward = ({ name }: Reading): boolean => name === "loss" || name.startsWith("taps/");

/** Whether a variant can be at one of the steps that make this tensor. */
export function fits(variant: Variant, reading: Reading): boolean {
  const kinds = reading.steps.map(({ tap }) => kindOf(tap));
  if (variant.part === "loss") return kinds.includes("loss");
  if (variant.part === "optimizer") return false;
  if ((variant.part === "forward") !== isForward(reading)) return false;
  return variant.steps === null || kinds.some((kind) => variant.steps?.includes(kind));
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
    const kind = kindOf(step.tap);
    if (variant.part === "loss") return kind === "loss" ? lossOp(variant, recording) : step;
    if (variant.part === "forward" && variant.steps.includes(kind))
      return { ...step, forward: (k, inputs) => variant.wrong(k, inputs, placeOf(k, recording, step, local)) };
    if (variant.part === "backward" && (variant.steps ?? [kind]).includes(kind))
      return { ...step, pullback: (k, inputs, dOut) => variant.wrong(k, inputs, dOut, placeOf(k, recording, step, local)) };
    return step;
  };
}
