/** Which class a DeiT takes each image for, by each of its heads, and how often two deciders differ (deit.md 9.4). */
import type { Batches } from "../data/batches.ts";
import type { Engine } from "../kernels/engine.ts";
import { deitLogits } from "../model/deit.ts";
import { meanOfLogits } from "../model/fusion.ts";
import { inference } from "../ops/observe.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { deitAttrs } from "./deitTask.ts";
import type { Deit } from "./evaluate.ts";
import { uploadBatch } from "./uploadBatch.ts";

/** A class number for each image; of equal logits the first is largest. */
export interface Decisions {
  readonly class: readonly number[];
  /** null: a plain model. */
  readonly distillation: readonly number[] | null;
  /** By the mean of logits (E27). */
  readonly mean: readonly number[];
}

/** The share of images that two take for different classes: #{i : aᵢ ≠ bᵢ}/n; NaN of no images. */
export const disagreement = (a: readonly number[], b: readonly number[]): number =>
  a.filter((decision, i) => decision !== b[i]).length / a.length;

/** Decides on every image of these batches. Nothing stays alive but the parameters. */
export async function decide(engine: Engine, { config, params }: Deit, batches: Batches): Promise<Decisions> {
  const k = inference(engine.kernels);
  const decisions = { class: [] as number[], distillation: [] as number[], mean: [] as number[] };
  for await (const batch of batches) {
    const reads: Promise<unknown>[] = [];
    const read = (logits: Tensor, decided: number[]): unknown =>
      reads.push(engine.read(k.argmaxLast(logits)).then((classes) => decided.push(...classes)));
    k.region("decide", () => {
      const { out: logits } = deitLogits.forward(k, { images: uploadBatch(k, batch).images, params }, deitAttrs(k, config));
      read(logits.head, decisions.class);
      if (logits.head_dist !== null) read(logits.head_dist, decisions.distillation);
      read(meanOfLogits.forward(k, logits).out, decisions.mean);
      return null;
    });
    await Promise.all(reads);
  }
  return { ...decisions, distillation: config.distilled ? decisions.distillation : null };
}
