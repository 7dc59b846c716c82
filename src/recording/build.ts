/** From a recording to what the network and its objective take, on an engine. */
import type { HostArray } from "../check/host.ts";
import type { Kernels } from "../kernels/kernels.ts";
import type { DeitAttrs, DeitInputs } from "../model/deit.ts";
import { buildParams } from "../model/params.ts";
import type { Multipliers } from "../ops/dropPath.ts";
import type { Shape, Tensor } from "../tensor/tensor.ts";
import { deitAttrs, smoothedTargets } from "../train/deitTask.ts";
import type { Distillation, Targets } from "../train/objective.ts";
import { hashed } from "./hash.ts";
import type { Recording } from "./read.ts";
import { imageShape } from "./slots.ts";

/** What the network computes on. */
export interface Subject {
  readonly inputs: DeitInputs;
  readonly attrs: DeitAttrs;
}

/** What `objective` takes beside the logits. */
export interface Goal {
  readonly targets: Targets;
  readonly distillation: Distillation;
}

/** A tensor that the recording must hold; `readRecording` has seen to it. */
function given({ given: arrays }: Recording, name: string): HostArray {
  const array = arrays.get(name);
  if (array === undefined) throw new Error(`recording: no tensor ${name}`);
  return array;
}

/** A weight, stored or made from the seed; values in f64, whatever they were stored as. */
function weightOf(recording: Recording, name: string, shape: Shape): HostArray {
  const { weights } = recording.configuration;
  return weights === "stored" ? given(recording, `weights/${name}`) : hashed(name, shape, weights.hash);
}

/** The batch, stored or made from the seed. */
function imagesOf(recording: Recording): HostArray {
  const { images, model } = recording.configuration;
  return images === "stored" ? given(recording, "images") : hashed("images", imageShape(model, recording.batch), images.hash);
}

const load = (k: Kernels, { shape, data }: HostArray): Tensor => k.upload(shape, data);

function dropPathOf(k: Kernels, recording: Recording): readonly Multipliers[] | null {
  const { dropPath, model } = recording.configuration;
  if (!dropPath) return null;
  const multiplier = (i: number, branch: string): Tensor => load(k, given(recording, `dropPath/blocks.${i}.${branch}`));
  return Array.from({ length: model.depth }, (_, i) => ({ attn: multiplier(i, "attn"), mlp: multiplier(i, "mlp") }));
}

/** Parameters, images and attrs; the caller owns all tensors. */
export function subjectOf(k: Kernels, recording: Recording): Subject {
  const { model } = recording.configuration;
  const params = buildParams(model, (name, shape) => load(k, weightOf(recording, name, shape)));
  const images = load(k, imagesOf(recording));
  return { inputs: { images, params }, attrs: { ...deitAttrs(k, model), dropPath: dropPathOf(k, recording) } };
}

/** Targets, teacher and the kind of loss; null for a recording of the forward pass alone. */
export function goalOf(k: Kernels, recording: Recording): Goal | null {
  const { loss, model } = recording.configuration;
  if (loss === null) return null;
  const stored = (name: string): Tensor => load(k, given(recording, name));
  const target =
    loss.target === "distribution"
      ? stored("distribution")
      : smoothedTargets(k, stored("labels"), model.classes, { share: loss.smoothing, over: loss.smoothingMass });
  const teacher = loss.distillation === null ? null : stored("teacher");
  return { targets: { target, teacher }, distillation: loss.distillation ?? { kind: "none" } };
}
