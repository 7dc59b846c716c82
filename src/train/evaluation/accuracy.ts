/** Accuracy and loss of scores against labels, batch by batch. */
import type { Engine } from "../../kernels/engine.ts";
import type { Kernels } from "../../kernels/kernels.ts";
import { crossEntropy } from "../../losses/crossEntropy.ts";
import type { Tensor } from "../../tensor/tensor.ts";

/** What the accuracy and loss of a batch are computed from. */
export interface Scored {
  /** [B, K]. The decision is the class with the largest score, or the first of several with equal scores. */
  readonly scores: Tensor;
  /** Mean over the batch, a scalar, in nats. */
  readonly loss: Tensor;
}

/** Counts and sums of one batch. */
export interface Judgement {
  readonly images: number;
  readonly top1: number;
  readonly top5: number;
  readonly loss: number;
  /** The predicted class of each image. */
  readonly decisions: readonly number[];
}

/** Accuracy and loss over a set of images. */
export interface Accuracy {
  /** Share of the images whose label has the largest score. */
  readonly top1: number;
  /** Share of the images whose label is among the five largest scores. */
  readonly top5: number;
  /** Mean over the images, in nats. */
  readonly loss: number;
  readonly images: number;
}

/** Scores and loss of logits: the logits themselves, and their cross-entropy (E19). */
export const scoredByLogits = (k: Kernels, logits: Tensor, target: Tensor): Scored => ({
  scores: logits,
  loss: crossEntropy.forward(k, { logits }, { target }).out,
});

/** How many classes rank before `label`. */
function rank(scores: ArrayLike<number>, label: number): number {
  const own = scores[label] ?? NaN;
  let before = 0;
  for (let c = 0; c < scores.length; c++) {
    const other = scores[c] ?? NaN;
    if (other > own || (other === own && c < label)) before++;
  }
  return Number.isNaN(own) ? scores.length : before;
}

function argmax(scores: ArrayLike<number>): number {
  let best = 0;
  for (let c = 1; c < scores.length; c++) if ((scores[c] ?? NaN) > (scores[best] ?? NaN)) best = c;
  return best;
}

/** Counts and sums of one batch. The reads of scores and loss start before the first `await`, so the caller may free both at once. */
export async function judge(engine: Engine, { scores, loss }: Scored, labels: readonly number[]): Promise<Judgement> {
  const [values, [mean = NaN]] = await Promise.all([engine.read(scores), engine.read(loss)]);
  const K = values.length / labels.length;
  const rows = labels.map((_, i) => values.subarray(i * K, (i + 1) * K));
  const ranks = labels.map((label, i) => rank(rows[i] ?? [], label));
  const within = (places: number): number => ranks.filter((r) => r < places).length;
  return { images: labels.length, top1: within(1), top5: within(5), loss: mean * labels.length, decisions: rows.map(argmax) };
}

/** Accuracy over all batches; NaN if there are no images. */
export function total(judgements: readonly Judgement[]): Accuracy {
  const sum = (of: (j: Judgement) => number): number => judgements.reduce((s, j) => s + of(j), 0);
  const images = sum((j) => j.images);
  return { top1: sum((j) => j.top1) / images, top5: sum((j) => j.top5) / images, loss: sum((j) => j.loss) / images, images };
}
