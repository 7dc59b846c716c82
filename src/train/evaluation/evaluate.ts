/** Measures how well a DeiT classifies images, with each of its heads and with both ways of combining them (E27). */
import type { Batches } from "../../data/loader/batch.ts";
import type { Engine } from "../../kernels/engine.ts";
import type { Kernels } from "../../kernels/kernels.ts";
import { tokenCount, type DeitConfig } from "../../model/config.ts";
import { deitLogits, type DeitParams } from "../../model/deit.ts";
import { meanOfLogits, sumOfSoftmax } from "../../model/fusion.ts";
import type { Logits } from "../../model/heads.ts";
import { inference } from "../../ops/observe.ts";
import { axis, type Tensor } from "../../tensor/tensor.ts";
import { judge, scoredByLogits, total, type Accuracy, type Judgement, type Scored } from "./accuracy.ts";
import { checkFits, fittingBatch, heldBatch, type BatchProgram } from "./capacity.ts";
import { disagreement } from "./decisions.ts";
import { deitAttrs } from "../step/deitTask.ts";
import { uploadBatch, type LabelledImages } from "../step/uploadBatch.ts";

/** What predicts the class: one head, the mean of both heads' logits (the authors' code), or the sum of both heads' softmax (the paper). */
export const headNames = ["class", "distillation", "mean", "softmax-sum"] as const;
/** One of `headNames`. */
export type HeadName = (typeof headNames)[number];

/** A DeiT with its parameters on an engine. */
export interface Deit {
  readonly config: DeitConfig;
  readonly params: DeitParams;
}

/** Accuracy of one of `headNames`. */
export interface Evaluation extends Accuracy {
  /** Share of the images on which the two heads disagree; null for a plain model. */
  readonly disagreement: number | null;
}

/** The evaluation of each head; a plain model has no distillation head. */
export type Evaluations = { readonly [H in HeadName]: H extends "distillation" ? Evaluation | null : Evaluation };

/** The paper's rule. Its loss is −log of the true class's probability, which with two heads is half the sum of their softmax outputs. */
function scoredBySum(k: Kernels, logits: Logits, target: Tensor): Scored {
  const scores = sumOfSoftmax.forward(k, logits).out;
  const B = axis(scores.shape, 0);
  const probability = k.scale(k.sumLast(k.mul(target, scores)), logits.head_dist === null ? 1 : 0.5);
  return { scores, loss: k.scale(k.sumLeading(k.log(probability), 2), -1 / B) };
}

function disagreementOf(a: readonly Judgement[], b: readonly Judgement[]): number | null {
  if (b.length === 0) return null;
  return disagreement(
    a.flatMap((j) => j.decisions),
    b.flatMap((j) => j.decisions),
  );
}

/** Scores and loss of every head, from one forward pass; a plain model has no distillation head. */
export function scoresOfHeads(
  k: Kernels,
  { config, params }: Deit,
  { images, labels }: LabelledImages,
): { readonly [H in HeadName]: H extends "distillation" ? Scored | null : Scored } {
  const logits = deitLogits.forward(k, { images, params }, deitAttrs(k, config)).out;
  const target = k.oneHot(labels, config.classes);
  return {
    class: scoredByLogits(k, logits.head, target),
    distillation: logits.head_dist === null ? null : scoredByLogits(k, logits.head_dist, target),
    mean: scoredByLogits(k, meanOfLogits.forward(k, logits).out, target),
    "softmax-sum": scoredBySum(k, logits, target),
  };
}

/** The numbers of the widest layer of a forward pass that keep an engine busy: a processor, and a device that needs more to fill its many cores. */
const [NUMBERS_OF_PROCESSOR, NUMBERS_OF_DEVICE] = [2 ** 21, 2 ** 27];
/** More images than this never help. */
const MOST_AT_ONCE = 512;

/** How many images keep an engine busy, given the numbers of the widest layer for one image; memory apart. */
export function busyBatch(engine: Engine, widest: number): number {
  const numbers = engine.finish === undefined ? NUMBERS_OF_PROCESSOR : NUMBERS_OF_DEVICE;
  return Math.max(1, Math.min(MOST_AT_ONCE, Math.floor(numbers / widest)));
}

/** How many images of this model keep an engine busy; memory apart. */
export const evaluationBatch = (engine: Engine, config: DeitConfig): number =>
  busyBatch(engine, tokenCount(config) * config.width * config.mlpRatio);

/** Scores on shapes alone of n images, and of n − 1, for a smaller last batch. */
function scoresOnShapes(k: Kernels, { config, params }: Deit, n: number): void {
  const { channels, imageSize: S } = config;
  for (const size of [n, Math.max(1, n - 1)])
    k.region("evaluate", () => {
      const batch = { images: k.zeros([size, channels, S, S]), labels: k.zeros([size]) };
      scoresOfHeads(inference(k), { config, params }, batch);
    });
}

/**
 * Checks that an engine can hold a model and what it computes for one image.
 *
 * @param params makes the parameters
 * @throws MemoryError that names the image size
 */
export function checkImageFits(engine: Engine, config: DeitConfig, params: (k: Kernels) => DeitParams): void {
  const { imageSize: S } = config;
  checkFits(engine, `${engine.name}: an image of ${S}×${S}`, (k) => scoresOnShapes(k, { config, params: params(k) }, 1));
}

/** Scores on shapes alone of n images by given parameters. */
const scoresBy =
  (config: DeitConfig): BatchProgram<DeitParams> =>
  (k, params, n) =>
    scoresOnShapes(k, { config, params }, n);

/** How many images to put through one forward pass: `evaluationBatch`, or as many as fit into the engine's free memory. Only the rounding of the mean loss depends on it. */
export const imagesAtOnce = (engine: Engine, { config, params }: Deit): number =>
  fittingBatch(engine, params, scoresBy(config), evaluationBatch(engine, config));

/**
 * The same; a device holds the memory for them when it resolves.
 *
 * @throws MemoryError if the engine cannot hold what one image takes
 */
export const imagesHeldAtOnce = (engine: Engine, { config, params }: Deit): Promise<number> =>
  heldBatch(engine, params, scoresBy(config), evaluationBatch(engine, config));

/** Evaluates every head, with one forward pass for each batch. Frees everything but the parameters. */
export async function evaluateHeads(engine: Engine, { config, params }: Deit, batches: Batches): Promise<Evaluations> {
  const k = inference(engine.kernels);
  const judged: { readonly [H in HeadName]: Judgement[] } = { class: [], distillation: [], mean: [], "softmax-sum": [] };
  for await (const batch of batches) {
    const reads: Promise<unknown>[] = [];
    k.region("evaluate", () => {
      const scores = scoresOfHeads(k, { config, params }, uploadBatch(k, batch));
      for (const head of headNames) {
        const scored = scores[head];
        if (scored !== null) reads.push(judge(engine, scored, batch.labels).then((j) => judged[head].push(j)));
      }
      return null;
    });
    await Promise.all(reads);
  }
  const disagreement = disagreementOf(judged.class, judged.distillation);
  const of = (head: HeadName): Evaluation => ({ ...total(judged[head]), disagreement });
  return {
    class: of("class"),
    distillation: params.head_dist === null ? null : of("distillation"),
    mean: of("mean"),
    "softmax-sum": of("softmax-sum"),
  };
}

function noDistillationHead(): never {
  throw new RangeError("evaluate: a model with one head has no distillation head");
}

/**
 * Evaluates one head.
 *
 * @throws RangeError for the distillation head of a plain model
 */
export async function evaluate(engine: Engine, model: Deit, batches: Batches, head: HeadName): Promise<Evaluation> {
  if (head === "distillation" && model.params.head_dist === null) return noDistillationHead();
  return (await evaluateHeads(engine, model, batches))[head] ?? noDistillationHead();
}
