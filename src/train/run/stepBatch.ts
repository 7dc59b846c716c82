/** What a step of a training gets (deit.md 7.6): its batch, uploaded, mixed and with the teacher's logits of the same images; and its settings. */
import type { HostBatch } from "../../data/loader/batch.ts";
import type { Kernels } from "../../kernels/kernels.ts";
import { fold } from "../../tensor/key.ts";
import { axis, type Tensor } from "../../tensor/tensor.ts";
import type { Mix } from "../mixing/drawMix.ts";
import { rateOf } from "../optimizer/schedule.ts";
import type { Division } from "../step/gradients.ts";
import { mixedBatch, type TargetSettings } from "../step/mixedBatch.ts";
import type { StepSettings } from "../step/step.ts";
import type { Batch } from "../step/task.ts";
import { uploadBatch, type LabelledImages } from "../step/uploadBatch.ts";
import { whenAll, type Predict, type Teacher } from "../teachers/teacher.ts";
import { mixesOf, type Range, type Share } from "./batches.ts";
import type { TrainingRecipe } from "./recipe.ts";
import type { Training } from "./training.ts";

/** Rows of a tensor, which is copied unless these are all. */
const rows = (k: Kernels, t: Tensor, { from, to }: Range): Tensor => (from === 0 && to === axis(t.shape, 0) ? t : k.slice(t, 0, from, to));

/** Mixes what was loaded, and keeps a rank's own samples. */
export function ownMixed(
  k: Kernels,
  given: LabelledImages,
  mixes: readonly Mix[],
  target: TargetSettings,
  { own, loaded }: Pick<Share, "own" | "loaded">,
): Omit<Batch, "teacher"> {
  const mixed = mixedBatch(k, given, mixes, target);
  const range = { from: own.from - loaded.from, to: own.to - loaded.from };
  return { images: rows(k, mixed.images, range), target: rows(k, mixed.target, range) };
}

/** The parts of a batch as one tensor. Consumes them. */
function joined(k: Kernels, parts: readonly Tensor[]): Tensor {
  const [first, ...more] = parts;
  if (first !== undefined && more.length === 0) return first;
  const all = k.concat(parts, 0);
  k.donate(parts);
  return all;
}

/** z_t of all images, of at most `micro` of them at a time; a promise if the teacher returns promises. */
export function taught(k: Kernels, teacher: Predict, images: Tensor, micro: number): Tensor;
export function taught(k: Kernels, teacher: Teacher["logits"], images: Tensor, micro: number): Tensor | Promise<Tensor>;
export function taught(k: Kernels, teacher: Teacher["logits"], images: Tensor, micro: number): Tensor | Promise<Tensor> {
  const B = axis(images.shape, 0);
  const parts = Array.from({ length: Math.ceil(B / micro) }, (_, i) => {
    const part = rows(k, images, { from: i * micro, to: Math.min(B, (i + 1) * micro) });
    const logits = teacher(k, part);
    if (part !== images) k.donate(part);
    return logits;
  });
  return whenAll(parts, (all) => joined(k, all));
}

/** A step's batch on a rank, and where it lies in the whole batch. */
export interface StepBatch {
  /** The caller releases it. */
  readonly batch: Batch;
  readonly division: Division;
}

/** The batch of a step, counted from the beginning of the training, from what a rank has loaded for it. */
export async function stepBatch<P, B, S>(
  k: Kernels,
  of: Training<P, B, S>,
  share: Share,
  step: number,
  made: HostBatch,
): Promise<StepBatch> {
  const { target, teacher, training } = of;
  const mixed = k.region("batch", () => ownMixed(k, uploadBatch(k, made), mixesOf(of, share, step), target, share));
  const batch = { ...mixed, teacher: teacher === null ? null : await taught(k, teacher, mixed.images, share.micro) };
  const key = fold(fold(of.key, "step"), step);
  return { batch, division: { key, first: share.own.from, of: training.batch, micro: share.micro } };
}

/** The settings of the steps of an epoch. */
export const settingsOf = (training: TrainingRecipe, epoch: number): StepSettings => ({
  optimizer: training.optimizer,
  lr: rateOf(training, epoch),
  clipNorm: training.clipNorm,
  emaDecay: training.emaDecay ?? 0,
});
