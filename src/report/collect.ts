/** What a report asks of a trained model: its decisions on test images, and where the tokens look in some of them. */
import { EVALUATION_BATCH, evaluationBatches, type HostBatch } from "../data/batches.ts";
import type { Dataset } from "../data/dataset.ts";
import type { Normalisation } from "../data/normalise.ts";
import { spread, subset } from "../data/subset.ts";
import type { Engine } from "../kernels/engine.ts";
import type { Kernels } from "../kernels/kernels.ts";
import { prefixCount } from "../model/config.ts";
import { deitLogits } from "../model/deit.ts";
import { meanOfLogits } from "../model/fusion.ts";
import { attention } from "../ops/attention.ts";
import { inference, observe, withoutFusion, outputs } from "../ops/observe.ts";
import { softmax } from "../ops/softmax.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { deitAttrs } from "../train/step/deitTask.ts";
import { decide } from "../train/evaluation/decisions.ts";
import { imagesAtOnce, type Deit } from "../train/evaluation/evaluate.ts";
import { uploadBatch } from "../train/step/uploadBatch.ts";
import type { Judged } from "./confusion.ts";

/** A report must not take long: so many images are judged at most, so many looked into. */
export const MOST_JUDGED = 2000;
export const MOST_EXAMPLES = 8;

/** What a head, or both together, take an image for. */
export interface Decision {
  readonly by: "class" | "distillation" | "fused";
  readonly decision: number;
  /** Its probability, by softmax. */
  readonly probability: number;
}

export interface Example {
  /** Place in the data set. */
  readonly sample: number;
  readonly label: number;
  /** [C, S, S], full scale 1. */
  readonly pixels: Float64Array;
  /** Class head, distillation head if there is one, and the mean of logits. */
  readonly decisions: readonly Decision[];
  /**
   * Of the class token, and of the distillation token if there is one: how it attends to all T tokens in the last block, the mean over
   * the heads. P tokens first, then the patches row by row; the sum is 1.
   */
  readonly attention: readonly (readonly number[])[];
}

export interface JudgedSample extends Judged {
  /** Place in the data set. */
  readonly sample: number;
}

export interface Looked {
  /** Images of the data set. */
  readonly images: number;
  /** By the mean of logits; of all images, or of MOST_JUDGED from all over the set. */
  readonly judged: readonly JudgedSample[];
  readonly examples: readonly Example[];
}

/** Half of them wrong, if so many are; of either kind one of each class before a second of any. */
function chosen(judged: readonly JudgedSample[]): readonly number[] {
  const varied = (right: boolean): readonly number[] => {
    const seen = new Map<number, number>();
    const ofClass = (label: number): number => {
      const before = seen.get(label) ?? 0;
      seen.set(label, before + 1);
      return before;
    };
    const kind = judged.filter(({ label, decision }) => (label === decision) === right);
    const ranked = kind.map(({ sample, label }) => ({ sample, rank: ofClass(label) }));
    return ranked.toSorted((a, b) => a.rank - b.rank).map(({ sample }) => sample);
  };
  const wrong = varied(false).slice(0, MOST_EXAMPLES / 2);
  return [...varied(true).slice(0, MOST_EXAMPLES - wrong.length), ...wrong];
}

/** A in [B, h, T, T] → what the first P tokens attend to, [B, P, T, 1], the mean over the heads. */
const tokenRows = (k: Kernels, A: Tensor, P: number): Tensor => k.meanLast(k.permute(k.slice(A, 2, 0, P), [0, 2, 3, 1]));

/** `length` numbers at a time. */
const rowsOf = (values: ArrayLike<number>, length: number): readonly (readonly number[])[] =>
  Array.from({ length: values.length / length }, (_, i) => Array.from({ length }, (__, j) => values[i * length + j] ?? NaN));

/** Decisions and attention of each image of a batch. */
async function looksInto(
  engine: Engine,
  { config, params }: Deit,
  batch: HostBatch,
): Promise<readonly Pick<Example, "decisions" | "attention">[]> {
  const P = prefixCount(config);
  const tap = `blocks.${config.depth - 1}.attn.probs`;
  const quiet = inference(engine.kernels);
  const heads: { readonly by: Decision["by"]; readonly read: Promise<ArrayLike<number>> }[] = [];
  let attended: Promise<ArrayLike<number>> = Promise.resolve([]);
  const show = (path: string, t: Tensor): void => {
    if (path === tap) attended = engine.read(tokenRows(quiet, t, P));
  };
  const k = observe(withoutFusion(quiet, attention), outputs(show));
  quiet.region("report", () => {
    const { out: logits } = deitLogits.forward(k, { images: uploadBatch(k, batch).images, params }, deitAttrs(k, config));
    const read = (by: Decision["by"], z: Tensor): unknown => heads.push({ by, read: engine.read(softmax.forward(quiet, { z }).out) });
    read("class", logits.head);
    if (logits.head_dist !== null) read("distillation", logits.head_dist);
    read("fused", meanOfLogits.forward(quiet, logits).out);
    return null;
  });
  const [rows, ...probabilities] = await Promise.all([attended, ...heads.map(({ read }) => read)]);
  const B = batch.labels.length;
  const ofImage = rowsOf(rows, rows.length / (B * P));
  return batch.labels.map((_, b) => ({
    attention: ofImage.slice(b * P, (b + 1) * P),
    decisions: heads.map(({ by }, head) => {
      const row = rowsOf(probabilities[head] ?? [], config.classes)[b] ?? [];
      const probability = Math.max(...row);
      return { by, decision: row.indexOf(probability), probability };
    }),
  }));
}

/** Evaluates the model on test images. Nothing stays alive but the parameters. */
export async function collect(engine: Engine, model: Deit, dataset: Dataset, normalisation: Normalisation): Promise<Looked> {
  const samples = spread(dataset.count, MOST_JUDGED);
  const { mean: decisions } = await decide(
    engine,
    model,
    evaluationBatches(subset(dataset, samples), imagesAtOnce(engine, model, EVALUATION_BATCH), normalisation),
  );
  const judged = samples.map((sample, i) => ({ sample, label: dataset.label(sample), decision: decisions[i] ?? NaN }));
  const shown = chosen(judged);
  const [batch] = evaluationBatches(subset(dataset, shown), MOST_EXAMPLES, normalisation);
  const seen = batch === undefined ? [] : await looksInto(engine, model, batch);
  const examples = seen.map((look, i) => {
    const sample = shown[i] ?? 0;
    return { sample, label: dataset.label(sample), pixels: dataset.pixels(sample), ...look };
  });
  return { images: dataset.count, judged, examples };
}
