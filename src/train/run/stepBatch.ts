/** From the bytes of a loader's batch to what a step learns from (deit.md 7.6): upload, Mixup and CutMix, then the teacher's logits of the same images. */
import type { HostBatch } from "../../data/loader/batch.ts";
import type { Kernels } from "../../kernels/kernels.ts";
import { axis, type Tensor } from "../../tensor/tensor.ts";
import type { Mix } from "../mixing/drawMix.ts";
import { mixedBatch, type TargetSettings } from "../step/mixedBatch.ts";
import type { Batch } from "../step/task.ts";
import { uploadBatch, type LabelledImages } from "../step/uploadBatch.ts";
import type { Range, Share } from "./batches.ts";
import type { Teacher } from "../teachers/teacher.ts";

/** Rows of a tensor, which is copied unless these are all. */
const rows = (k: Kernels, t: Tensor, { from, to }: Range): Tensor => (from === 0 && to === axis(t.shape, 0) ? t : k.slice(t, 0, from, to));

/** Mixes what was loaded, and keeps a rank's own samples. */
export function ownMixed(
  k: Kernels,
  given: LabelledImages,
  mixes: readonly Mix[],
  target: TargetSettings,
  { own, loaded }: Share,
): Omit<Batch, "teacher"> {
  const mixed = mixedBatch(k, given, mixes, target);
  const range = { from: own.from - loaded.from, to: own.to - loaded.from };
  return { images: rows(k, mixed.images, range), target: rows(k, mixed.target, range) };
}

/** Runs of at most `size` images. */
const runsOf = (B: number, size: number): readonly Range[] =>
  Array.from({ length: Math.ceil(B / size) }, (_, i) => ({ from: i * size, to: Math.min(B, (i + 1) * size) }));

/** z_t of all images, at most `micro` at a time. */
async function taught(k: Kernels, teacher: Teacher["logits"], images: Tensor, micro: number): Promise<Tensor> {
  const parts: Tensor[] = [];
  for (const run of runsOf(axis(images.shape, 0), micro)) {
    const part = rows(k, images, run);
    parts.push(await teacher(k, part));
    if (part !== images) k.donate(part);
  }
  const [first] = parts;
  if (parts.length === 1 && first !== undefined) return first;
  const all = k.concat(parts, 0);
  k.donate(parts);
  return all;
}

/** How a batch is made. */
export interface StepBatchSettings {
  readonly mixes: readonly Mix[];
  readonly target: TargetSettings;
  readonly share: Share;
  readonly teacher: Teacher["logits"] | null;
  /** The most images that the teacher gets at once. */
  readonly micro: number;
}

/** A batch of this rank; the caller releases it. */
export async function stepBatch(k: Kernels, made: HostBatch, { mixes, target, share, teacher, micro }: StepBatchSettings): Promise<Batch> {
  const mixed = k.region("batch", () => ownMixed(k, uploadBatch(k, made), mixes, target, share));
  return { ...mixed, teacher: teacher === null ? null : await taught(k, teacher, mixed.images, micro) };
}
