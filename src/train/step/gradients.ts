/**
 * The gradient of a batch from equal parts of it, its micro-batches: in the memory of one, and divided among ranks.
 *
 *          ḡ = Σᵥ ∂(Lᵥ/V)/∂θ,   L = (1/V) Σᵥ Lᵥ          v = 1 … V, Lᵥ the mean loss of micro-batch v
 *
 * The sum is taken in one fixed order, a binary tree: the sum of each half, as long as the number is even; then from left to right. So ranks
 * that hold equal runs of micro-batches, a power of two of them, and add their sums up in pairs, neighbours first, get the bits of one rank.
 */
import type { Kernels } from "../../kernels/kernels.ts";
import type { Key } from "../../tensor/key.ts";
import { axis, type Tensor } from "../../tensor/tensor.ts";
import { leaf, mapTree, named } from "../../tensor/tree.ts";
import type { Batch, Draws, LossAndGrads, Task } from "./task.ts";
import type { LossScale } from "../optimizer/lossScale.ts";

/** Where a batch lies in the whole batch of its step, which other ranks share, and how it is divided. */
export interface Division extends Draws {
  /** Samples of a micro-batch; divides the batch and the whole batch. */
  readonly micro: number;
}

/** A batch that is not divided. */
export const undivided = (key: Key, { images }: Batch): Division => {
  const B = axis(images.shape, 0);
  return { key, first: 0, of: B, micro: B };
};

/** The sum of `count` values from `one(first)` on, in the fixed order. */
export function sumInOrder<T>(first: number, count: number, one: (index: number) => T, add: (a: T, b: T) => T): T {
  if (count % 2 === 0) {
    const half = count / 2;
    const left = sumInOrder(first, half, one, add);
    return add(left, sumInOrder(first + half, half, one, add));
  }
  let sum = one(first);
  for (let i = 1; i < count; i++) sum = add(sum, one(first + i));
  return sum;
}

/** The sum of two trees of equal structure, leaf by leaf. Consumes both. */
function addTrees<T>(k: Kernels, a: T, b: T): T {
  const others = named(b);
  const sum = mapTree(a, (t, name) => k.add(t, leaf(others, name, "gradients")));
  k.donate([a, b]);
  return sum;
}

/** Samples `from` … `to − 1` of a batch. */
function cut(k: Kernels, { images, target, teacher }: Batch, from: number, to: number): Batch {
  const of = (t: Tensor): Tensor => k.slice(t, 0, from, to);
  return { images: of(images), target: of(target), teacher: teacher === null ? null : of(teacher) };
}

/**
 * This batch's share of loss, gradients and statistics of the whole batch: the shares of all ranks add up to the means over all micro-batches.
 *
 * @throws RangeError unless the micro-batches divide batch and whole batch
 */
export function gradientsOf<P, B, S>(
  k: Kernels,
  task: Task<P, B, S>,
  { lossScale, ...model }: { readonly params: P; readonly buffers: B; readonly lossScale: LossScale | null },
  batch: Batch,
  { key, first, of, micro }: Division,
): LossAndGrads<P, S> {
  const V = of / micro;
  const here = axis(batch.images.shape, 0) / micro;
  if (!Number.isInteger(V) || !Number.isInteger(here))
    throw new RangeError(`gradients: micro-batches of ${micro} must divide a batch of ${here * micro} of ${of} samples`);
  const S = lossScale?.scale ?? k.upload([], [1]);
  const share = (t: Tensor): Tensor => (V === 1 ? t : k.scale(t, 1 / V));
  const dLoss = share(S);
  const ofMicroBatch = (v: number): LossAndGrads<P, S> =>
    // a region of its own frees the activations
    k.region("lossAndGrads", () => {
      const part = here === 1 ? batch : cut(k, batch, v * micro, (v + 1) * micro);
      const { loss, truth, grads, statistics } = task.lossAndGrads(k, model, part, { key, first: first + v * micro, of }, dLoss);
      return { loss: share(loss), truth: truth === null ? null : share(truth), grads, statistics: mapTree(statistics, share) };
    });
  return sumInOrder(0, here, ofMicroBatch, (a, b) => addTrees(k, a, b));
}
