/** Collects from a trained model what a report shows: its decisions on test images, and the attention of its tokens in some of them. */
import { FULL_SCALE, type HostBatch } from "../data/loader/batch.ts";
import { evaluationSet, type EvaluationSet } from "../data/loader/evaluationSet.ts";
import type { Normalisation } from "../data/normalise.ts";
import type { Dataset } from "../data/sources/dataset.ts";
import { spread, subset } from "../data/sources/subset.ts";
import type { Engine } from "../kernels/engine.ts";
import type { Kernels } from "../kernels/kernels.ts";
import { prefixCount, tokenCount } from "../model/config.ts";
import { deitLogits } from "../model/deit.ts";
import { meanOfLogits } from "../model/fusion.ts";
import { attention } from "../ops/attention.ts";
import { inference, observe, withoutFusion, outputs } from "../ops/observe.ts";
import { softmax } from "../ops/softmax.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { deitAttrs } from "../train/step/deitTask.ts";
import { imagesAtOnce, type Deit } from "../train/evaluation/evaluate.ts";
import { uploadBatch } from "../train/step/uploadBatch.ts";
import type { Judged } from "./confusion.ts";

/** A report must not take long, so this is how many images it evaluates at most, after the run and while it goes on, and how many it shows. */
export const MOST_JUDGED = 2000;
export const MOST_WHILE_RUNNING = 256;
export const MOST_EXAMPLES = 8;
/** How many mistakes it names. */
const MOST_MISTAKES = 8;

/** The class that a head, or both together, assign to an image. */
export interface Decision {
  readonly by: "class" | "distillation" | "fused";
  readonly decision: number;
  /** Its probability, by softmax. */
  readonly probability: number;
}

/** An image that the report shows. */
export interface Example {
  /** Index in the data set. */
  readonly sample: number;
  readonly label: number;
  /** [C, S, S], full scale 1. */
  readonly pixels: Float64Array;
  /** By the class head, by the distillation head if there is one, and by the mean of logits. */
  readonly decisions: readonly Decision[];
  /**
   * For the class token, and the distillation token if there is one: its attention to all T tokens in the last block, the mean over the heads.
   * The P prefix tokens come first, then the patches row by row; the sum is 1.
   */
  readonly attention: readonly (readonly number[])[];
}

/** An image that was evaluated. */
export interface JudgedSample extends Judged {
  /** Index in the data set. */
  readonly sample: number;
  /** Of the decision. */
  readonly probability: number;
  /** −log of the true class's probability, in nats. */
  readonly loss: number;
}

/** A wrong decision. */
export interface Mistake extends JudgedSample {
  /** The image's name in its set. */
  readonly name: string;
}

/** All that a report shows of the model on test images. */
export interface Collected {
  /** How many images the data set has. */
  readonly images: number;
  /** Decisions by the mean of logits, on all images or on some at equal distances. */
  readonly judged: readonly JudgedSample[];
  /** The wrong ones with the largest losses, the worst first. */
  readonly worst: readonly Mistake[];
  readonly examples: readonly Example[];
}

/** The wrong ones, the largest loss first. */
const mistakesIn = (judged: readonly JudgedSample[]): readonly JudgedSample[] =>
  judged.filter(({ label, decision }) => label !== decision).toSorted((a, b) => b.loss - a.loss);

/**
 * The images to show: half of them wrongly classified, if there are so many. Among the right and the wrong ones there is one of each class before
 * a second of any; of a class's wrong ones, the one with the largest loss.
 */
function chosen(judged: readonly JudgedSample[]): readonly number[] {
  const varied = (kind: readonly JudgedSample[]): readonly number[] => {
    const seen = new Map<number, number>();
    const ofClass = (label: number): number => {
      const before = seen.get(label) ?? 0;
      seen.set(label, before + 1);
      return before;
    };
    const ranked = kind.map(({ sample, label }) => ({ sample, rank: ofClass(label) }));
    return ranked.toSorted((a, b) => a.rank - b.rank).map(({ sample }) => sample);
  };
  const wrong = varied(mistakesIn(judged)).slice(0, MOST_EXAMPLES / 2);
  return [...varied(judged.filter(({ label, decision }) => label === decision)).slice(0, MOST_EXAMPLES - wrong.length), ...wrong];
}

/** A, [B, h, T, T] → the attention of the first P tokens, [B, P, T, 1], the mean over the heads. */
const tokenRows = (k: Kernels, A: Tensor, P: number): Tensor => k.meanLast(k.permute(k.slice(A, 2, 0, P), [0, 2, 3, 1]));

/** The values in rows of `length` numbers. */
const rowsOf = (values: ArrayLike<number>, length: number): readonly (readonly number[])[] =>
  Array.from({ length: values.length / length }, (_, i) => Array.from({ length }, (__, j) => values[i * length + j] ?? NaN));

/** The decisions and the attention on each image of a batch. `imagesOf` uploads the normalised images, [B, C, S, S]. */
export async function decisionsAndAttention(
  engine: Engine,
  { config, params }: Deit,
  imagesOf: (k: Kernels) => Tensor,
): Promise<readonly Pick<Example, "decisions" | "attention">[]> {
  const P = prefixCount(config);
  const tap = `blocks.${config.depth - 1}.attn.probs`;
  const k = inference(engine.kernels);
  const reads: { readonly by: Decision["by"]; readonly read: Promise<ArrayLike<number>> }[] = [];
  let attended: Promise<ArrayLike<number>> = Promise.resolve([]);
  const show = (path: string, t: Tensor): void => {
    if (path === tap) attended = engine.read(tokenRows(k, t, P));
  };
  const observed = observe(withoutFusion(k, attention), outputs(show));
  k.region("report", () => {
    const inputs = { images: imagesOf(observed), params };
    const { out: logits } = deitLogits.forward(observed, inputs, deitAttrs(observed, config));
    const read = (by: Decision["by"], z: Tensor): unknown => reads.push({ by, read: engine.read(softmax.forward(k, { z }).out) });
    read("class", logits.head);
    if (logits.head_dist !== null) read("distillation", logits.head_dist);
    read("fused", meanOfLogits.forward(k, logits).out);
    return null;
  });
  const [rows, ...probabilities] = await Promise.all([attended, ...reads.map(({ read }) => read)]);
  const ofImage = rowsOf(rows, tokenCount(config));
  return Array.from({ length: ofImage.length / P }, (_, b) => ({
    attention: ofImage.slice(b * P, (b + 1) * P),
    decisions: reads.map(({ by }, i) => {
      const row = rowsOf(probabilities[i] ?? [], config.classes)[b] ?? [];
      const probability = Math.max(...row);
      return { by, decision: row.indexOf(probability), probability };
    }),
  }));
}

/** The images of a set with these indices, evaluated as in a run. */
function setOf(dataset: Dataset, samples: readonly number[], { side, normalisation }: CollectSettings, batch: number): EvaluationSet {
  return evaluationSet({ dataset: subset(dataset, samples), side, convention: "deit", normalisation, batch, workers: 0, onReplaced: null });
}

/** The pixels of a batch, [C, S, S] each, full scale 1. */
function pixelsOf({ shape, pixels }: HostBatch): readonly Float64Array[] {
  const [B = 0] = shape;
  const each = pixels.length / B;
  return Array.from({ length: B }, (_, i) => Float64Array.from({ length: each }, (_, j) => (pixels[i * each + j] ?? 0) / FULL_SCALE));
}

/** How the images of a report are read, and how many. */
export interface CollectSettings {
  /** S, in pixels. */
  readonly side: number;
  readonly normalisation: Normalisation;
  /** At most so many are evaluated. */
  readonly most: number;
}

/** The decision on each image of a set by the mean of logits (E27), with its probability and the loss. */
async function judgements(engine: Engine, { config, params }: Deit, set: EvaluationSet): Promise<readonly Omit<JudgedSample, "sample">[]> {
  const k = inference(engine.kernels);
  const judged: Omit<JudgedSample, "sample">[] = [];
  for await (const batch of set.batches()) {
    let read: Promise<ArrayLike<number>> = Promise.resolve([]);
    k.region("report", () => {
      const inputs = { images: uploadBatch(k, batch).images, params };
      const { out: logits } = deitLogits.forward(k, inputs, deitAttrs(k, config));
      read = engine.read(softmax.forward(k, { z: meanOfLogits.forward(k, logits).out }).out);
      return null;
    });
    for (const [i, row] of rowsOf(await read, config.classes).entries()) {
      const [label, probability] = [batch.labels[i] ?? NaN, Math.max(...row)];
      judged.push({ label, decision: row.indexOf(probability), probability, loss: -Math.log(row[label] ?? NaN) });
    }
  }
  return judged;
}

/** At most `most` images of a set, at equal distances, evaluated as in a run. */
export const someOf = (engine: Engine, model: Deit, dataset: Dataset, settings: CollectSettings): EvaluationSet =>
  setOf(dataset, spread(dataset.count, settings.most), settings, imagesAtOnce(engine, model));

/** Evaluates the model on test images. On the engine only the parameters stay alive. */
export async function collect(engine: Engine, model: Deit, dataset: Dataset, settings: CollectSettings): Promise<Collected> {
  const samples = spread(dataset.count, settings.most);
  const found = await judgements(engine, model, someOf(engine, model, dataset, settings));
  const judged = found.map((one, i) => ({ ...one, sample: samples[i] ?? 0 }));
  const worst = mistakesIn(judged)
    .slice(0, MOST_MISTAKES)
    .map((one) => ({ ...one, name: dataset.nameOf(one.sample) }));
  const shown = chosen(judged);
  const examples: Example[] = [];
  for await (const batch of setOf(dataset, shown, settings, MOST_EXAMPLES).batches()) {
    const pixels = pixelsOf(batch);
    for (const [i, seen] of (await decisionsAndAttention(engine, model, (k) => uploadBatch(k, batch).images)).entries())
      examples.push({ sample: shown[i] ?? 0, label: batch.labels[i] ?? 0, pixels: pixels[i] ?? new Float64Array(), ...seen });
  }
  return { images: dataset.count, judged, worst, examples };
}
