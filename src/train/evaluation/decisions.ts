/** Which class each head of a DeiT predicts for each image, and how often two classifiers disagree (deit.md 9.4). */
import type { Batches } from "../../data/loader/batch.ts";
import type { Engine } from "../../kernels/engine.ts";
import type { Kernels } from "../../kernels/kernels.ts";
import { deitLogits } from "../../model/deit.ts";
import { meanOfLogits } from "../../model/fusion.ts";
import { inference } from "../../ops/observe.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { deitAttrs } from "../step/deitTask.ts";
import type { Deit } from "./evaluate.ts";
import { uploadBatch } from "../step/uploadBatch.ts";

/** A class number for each image; among equal logits the first wins. */
export interface Decisions {
  /** The true classes. */
  readonly labels: readonly number[];
  readonly class: readonly number[];
  /** null for a plain model. */
  readonly distillation: readonly number[] | null;
  /** By the mean of logits (E27). */
  readonly mean: readonly number[];
}

/** The share of images on which two classifiers disagree: #{i : aᵢ ≠ bᵢ}/n; NaN if there are no images. */
export const disagreement = (a: readonly number[], b: readonly number[]): number =>
  a.filter((decision, i) => decision !== b[i]).length / a.length;

interface Decided {
  readonly labels: readonly number[];
  /** One list for each classifier. */
  readonly decisions: readonly (readonly number[])[];
}

/** The decisions of several classifiers on every image. `logitsOf` computes their logits, each [B, K], from a batch. Frees everything that it allocates. */
export async function decisionsBy(
  engine: Engine,
  logitsOf: (k: Kernels, images: Tensor) => readonly Tensor[],
  batches: Batches,
): Promise<Decided> {
  const k = inference(engine.kernels);
  const labels: number[] = [];
  const decisions: number[][] = [];
  for await (const batch of batches) {
    const reads: Promise<unknown>[] = [];
    k.region("decide", () => {
      for (const [i, logits] of logitsOf(k, uploadBatch(k, batch).images).entries()) {
        const own = (decisions[i] ??= []);
        reads.push(engine.read(k.argmaxLast(logits)).then((classes) => own.push(...classes)));
      }
      return null;
    });
    await Promise.all(reads);
    labels.push(...batch.labels);
  }
  return { labels, decisions };
}

/** The decision of each head on every image. Frees everything but the parameters. */
export async function decide(engine: Engine, { config, params }: Deit, batches: Batches): Promise<Decisions> {
  const logitsOf = (k: Kernels, images: Tensor): readonly Tensor[] => {
    const { out: logits } = deitLogits.forward(k, { images, params }, deitAttrs(k, config));
    return [meanOfLogits.forward(k, logits).out, logits.head, ...(logits.head_dist === null ? [] : [logits.head_dist])];
  };
  const { labels, decisions } = await decisionsBy(engine, logitsOf, batches);
  const [mean = [], head = [], distillation = null] = decisions;
  return { labels, class: head, distillation, mean };
}
