/**
 * Which images are in which batch.
 *
 * Without repetition an epoch is a random permutation of the images. With repeated augmentation (deit.md 7.11, Hoffer et al. 2020) each image of
 * a permutation is seen `repeats` times, in views of its own, and an epoch ends when about as many views were seen as there are images:
 *
 *   list          each index `repeats` times in a row, in the order of the permutation, and again from its start where a replica is short of one
 *   replica r     positions r, r + R, r + 2R, … of the list; only the first ⌊256⌊n/256⌋/R⌋ of them count
 *
 * The authors' R GPUs took the views of one replica each. Here a batch is divided into R equal parts, and part r takes the next views of replica r.
 * With at least as many replicas as repeats, the views of an image are in different parts.
 */
import { fold, permutation, type Key } from "../../tensor/key.ts";

/** Which view of which image. */
export interface View {
  /** The index of the image in its set. */
  readonly sample: number;
  /** Which of its views in the epoch, 0 … repeats − 1. */
  readonly copy: number;
}

/** How views are distributed. */
export interface Sampling {
  /** How often an epoch shows an image; 1: once, in a plain permutation. */
  readonly repeats: number;
  /** R, the number of replicas in a batch. */
  readonly replicas: number;
}

/** The number of images is cut to a multiple of this, with repetition. */
const UNIT = 256;

/** How many views of each replica an epoch of n images uses. */
export const viewsPerReplica = (n: number, { repeats, replicas }: Sampling): number =>
  repeats === 1 ? Math.floor(n / replicas) : Math.floor((Math.floor(n / UNIT) * UNIT) / replicas);

/** View j of replica r, given the epoch's permutation. */
export function viewOf(order: ArrayLike<number>, { repeats, replicas }: Sampling, r: number, j: number): View {
  const place = (r + j * replicas) % (repeats * order.length);
  return { sample: order[Math.floor(place / repeats)] ?? 0, copy: place % repeats };
}

/** The images of one step. */
export interface BatchRequest {
  /** From 0. */
  readonly epoch: number;
  /** At most as many as a batch has. */
  readonly views: readonly View[];
}

/** The batches of a training. */
export interface TrainingOrder {
  /** Steps of an epoch; an incomplete last batch is dropped. */
  readonly stepsPerEpoch: number;
  /** The images of step `step`, counted from the beginning of the training. */
  readonly request: (step: number) => BatchRequest;
}

/** What determines the order of a training. */
export interface OrderSettings extends Sampling {
  /** B, a multiple of the number of replicas. */
  readonly batch: number;
}

/** @throws RangeError if an epoch has not one full batch, or the set is too small for repeated augmentation */
export function checkOrder({ name, count }: { readonly name: string; readonly count: number }, settings: OrderSettings): void {
  const { batch, repeats, replicas } = settings;
  if (repeats > 1 && count < UNIT)
    throw new RangeError(
      `data: ${name} has ${count} images; repeated augmentation (data.repeats = ${repeats}) needs at least ${UNIT}: set data.repeats = 1`,
    );
  if (viewsPerReplica(count, settings) * replicas >= batch) return;
  const largest = viewsPerReplica(count, { repeats, replicas: 1 });
  throw new RangeError(`data: ${name} has ${count} images, too few for a batch of ${batch}; the largest batch is ${largest}`);
}

/**
 * The order in which a training sees its images; a function of the key and of the step only.
 *
 * @throws RangeError if an epoch has not one full batch, or the set is too small for repeated augmentation
 */
export function trainingOrder(key: Key, set: { readonly name: string; readonly count: number }, settings: OrderSettings): TrainingOrder {
  checkOrder(set, settings);
  const { batch, repeats, replicas } = settings;
  const each = batch / replicas;
  const stepsPerEpoch = Math.floor(viewsPerReplica(set.count, settings) / each);
  const drawn = (epoch: number): readonly number[] => permutation(fold(fold(key, "order"), epoch), set.count);
  let current = { epoch: -1, order: [] as readonly number[] };
  return {
    stepsPerEpoch,
    request: (step) => {
      const [epoch, index] = [Math.floor(step / stepsPerEpoch), step % stepsPerEpoch];
      if (current.epoch !== epoch) current = { epoch, order: drawn(epoch) };
      const { order } = current;
      const views = Array.from({ length: batch }, (_, i) =>
        repeats === 1
          ? { sample: order[index * batch + i] ?? 0, copy: 0 }
          : viewOf(order, settings, Math.floor(i / each), index * each + (i % each)),
      );
      return { epoch, views };
    },
  };
}

/** All images in the order of the set, in batches of at most `batch`, as epoch 0. */
export function* inOrder(count: number, batch: number): Generator<BatchRequest, void> {
  for (let start = 0; start < count; start += batch)
    yield { epoch: 0, views: Array.from({ length: Math.min(batch, count - start) }, (_, i) => ({ sample: start + i, copy: 0 })) };
}
