/** Uploads what a recording starts from: the inputs of the network (images, parameters) and of its loss (targets, teacher's logits). */
import type { HostArray } from "../../check/host.ts";
import type { Kernels } from "../../kernels/kernels.ts";
import type { DeitAttrs, DeitInputs } from "../../model/deit.ts";
import { buildParams } from "../../model/params.ts";
import type { Multipliers } from "../../ops/dropPath.ts";
import type { Shape, Tensor } from "../../tensor/tensor.ts";
import { deitAttrs } from "../../train/step/deitTask.ts";
import { smoothedTargets } from "../../train/step/mixedBatch.ts";
import type { Distillation, Targets } from "../../train/step/objective.ts";
import type { TaughtLoss } from "../format/configuration.ts";
import { hashed } from "../format/hash.ts";
import type { Arrays, Recording } from "../format/read.ts";
import { imageShape } from "../format/tensorSpecs.ts";

/** What the network takes. */
export interface NetworkInputs {
  /** Images and parameters. */
  readonly inputs: DeitInputs;
  /** Settings that the configuration determines. */
  readonly attrs: DeitAttrs;
}

/** What `objective` takes in addition to the logits. */
export interface LossInputs {
  /** Labels as distributions over the classes, and the teacher's logits. */
  readonly targets: Targets;
  /** Which loss it is. */
  readonly distillation: Distillation;
}

/** A tensor that the recording must hold; `readRecording` has checked that it does. */
function given({ given: arrays }: Recording, name: string): HostArray {
  const array = arrays.get(name);
  if (array === undefined) throw new Error(`recording: no tensor ${name}`);
  return array;
}

/** A weight, stored in the file or generated from the seed; in f64, whatever the file stores. */
export function weightOf(recording: Recording, name: string, shape: Shape): HostArray {
  const { weights } = recording.configuration;
  return weights === "stored" ? given(recording, `weights/${name}`) : hashed(name, shape, weights.hash);
}

/** The batch of images, stored in the file or generated from the seed. */
export function imagesOf(recording: Recording): HostArray {
  const { images, model } = recording.configuration;
  return images === "stored" ? given(recording, "images") : hashed("images", imageShape(model, recording.batch), images.hash);
}

const load = (k: Kernels, { shape, data }: HostArray): Tensor => k.upload(shape, data);

/** The multipliers [B] of one branch (E31), such as `blocks.0.attn`; null: the recording has no drop path. */
export function multiplierOf(k: Kernels, recording: Recording, branch: string): Tensor | null {
  return recording.configuration.dropPath ? load(k, given(recording, `dropPath/${branch}`)) : null;
}

function dropPathOf(k: Kernels, recording: Recording): readonly Multipliers[] | null {
  const { depth } = recording.configuration.model;
  const blocks = Array.from({ length: depth }, (_, i) => {
    const [attn, mlp] = [multiplierOf(k, recording, `blocks.${i}.attn`), multiplierOf(k, recording, `blocks.${i}.mlp`)];
    return attn === null || mlp === null ? null : { attn, mlp };
  });
  return blocks.every((block) => block !== null) && depth > 0 ? blocks : null;
}

/** Uploads images and parameters; the caller owns all tensors. Parameters named in `weights` replace the recording's. */
export function networkInputsOf(k: Kernels, recording: Recording, weights: Arrays | null = null): NetworkInputs {
  const { model } = recording.configuration;
  const params = buildParams(model, (name, shape) => load(k, weights?.get(name) ?? weightOf(recording, name, shape)));
  const images = load(k, imagesOf(recording));
  return { inputs: { images, params }, attrs: { ...deitAttrs(k, model), dropPath: dropPathOf(k, recording) } };
}

/** Class numbers [B]; null: the target of the loss is a distribution. */
export const labelsOf = (k: Kernels, recording: Recording): Tensor | null =>
  recording.configuration.loss?.target === "labels" ? load(k, given(recording, "labels")) : null;

/** What `objective` calls the teacher's part of a recorded loss. */
function distillationOf(taught: TaughtLoss | null): Distillation {
  if (taught === null) return { kind: "none" };
  return taught.kind === "soft" ? { ...taught, direction: "teacher-first" } : taught;
}

/** Uploads the targets and the teacher's logits; null: the recording has no loss. */
export function lossInputsOf(k: Kernels, recording: Recording): LossInputs | null {
  const { loss, model } = recording.configuration;
  if (loss === null) return null;
  const stored = (name: string): Tensor => load(k, given(recording, name));
  const target =
    loss.target === "distribution"
      ? stored("distribution")
      : smoothedTargets(k, stored("labels"), model.classes, { share: loss.smoothing, over: loss.smoothingMass });
  const teacher = loss.distillation === null ? null : stored("teacher");
  return { targets: { target, teacher }, distillation: distillationOf(loss.distillation) };
}
