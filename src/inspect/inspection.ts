/** Collects all that `deit inspect` shows of a model: on one image and, if there is one, on a data set. */
import { normalisedBatch, type Batches } from "../data/loader/batch.ts";
import type { NormalisedImages } from "../data/normalise.ts";
import type { Engine } from "../kernels/engine.ts";
import type { Kernels } from "../kernels/kernels.ts";
import { prefixCount, type DeitConfig } from "../model/config.ts";
import { softmax } from "../ops/softmax.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { ranked, type Ranked } from "../train/evaluation/classify.ts";
import { decide, decisionsBy } from "../train/evaluation/decisions.ts";
import type { Deit } from "../train/evaluation/evaluate.ts";
import { tokenCosines, type TokenCosines } from "../train/evaluation/tokenCosines.ts";
import { attentionMaps, prefixTokens, probabilities, tokenMap, type LayerMaps, type TokenMap } from "./attention.ts";
import { decidersOf, disagreementMatrix, type DisagreementMatrix } from "./disagreement.ts";
import { intermediate, intermediates, type Intermediates } from "./intermediates.ts";
import { residualMixing, rollout } from "./rollout.ts";

/** The image that is inspected. */
export interface InspectedImage {
  /** The name that the page shows. */
  readonly name: string;
  /** The pixels before normalisation, [C, S, S], full scale 1. */
  readonly pixels: Float64Array;
  /** The normalised image, [1, C, S, S]. */
  readonly images: NormalisedImages;
  /** Its class; null: not known. */
  readonly label: number | null;
  /** Names of the classes. */
  readonly classes: readonly string[];
}

/** The data set on which cosines and disagreement are measured. */
export interface InspectedSet {
  readonly name: string;
  readonly batches: () => Batches;
  /** The logits of the model's teacher on images; null: no teacher is known. */
  readonly teacher: ((k: Kernels, images: Tensor) => Tensor) | null;
}

/** How a head, or both together, classify the image. */
export interface Decision {
  readonly by: "class" | "distillation" | "both" | "model";
  /** The most probable classes, up to MOST_CLASSES. */
  readonly top: readonly Ranked[];
}

/** All that `deit inspect` shows. */
export interface Inspection {
  readonly config: DeitConfig;
  readonly image: InspectedImage;
  /** Name of the data set; null: the image alone. */
  readonly set: string | null;
  readonly decisions: readonly Decision[];
  readonly attention: readonly LayerMaps[];
  /** After each block, the prefix tokens' rows of the rollout. */
  readonly rollouts: readonly (readonly TokenMap[])[];
  /** The mean over the data set, or without one that of the image; null: the model is plain. */
  readonly cosines: TokenCosines | null;
  /** null: there is no data set. */
  readonly disagreement: DisagreementMatrix | null;
  readonly intermediates: Intermediates;
}

/** How many classes of a decision are shown. */
const MOST_CLASSES = 5;

async function decisionBy(engine: Engine, by: Decision["by"], logits: ArrayLike<number>): Promise<Decision> {
  const { kernels: k } = engine;
  let read: Promise<ArrayLike<number>> = Promise.resolve([]);
  k.region("decision", () => {
    read = engine.read(softmax.forward(k, { z: k.upload([1, logits.length], logits) }).out);
    return null;
  });
  return { by, top: ranked(logits, await read, MOST_CLASSES) };
}

function decisions(engine: Engine, { distilled }: DeitConfig, all: Intermediates): Promise<readonly Decision[]> {
  const by = (name: Decision["by"], path: string): Promise<Decision> => decisionBy(engine, name, intermediate(all, path).data);
  return Promise.all(distilled ? [by("class", "head"), by("distillation", "head_dist"), by("both", "logits")] : [by("model", "head")]);
}

function rolloutMaps(all: Intermediates, config: DeitConfig): Inspection["rollouts"] {
  const mixings = probabilities(all, config).map(residualMixing);
  const P = prefixCount(config);
  const ofToken = (row: Float64Array, i: number): TokenMap => tokenMap(prefixTokens[i] ?? "class", row, row.length - P);
  return mixings.map((_, l) => rollout(mixings.slice(0, l + 1), P).map(ofToken));
}

async function disagreementOn(engine: Engine, model: Deit, { batches, teacher }: InspectedSet): Promise<DisagreementMatrix> {
  const ofTeacher = teacher === null ? null : await decisionsBy(engine, (k, images) => [teacher(k, images)], batches());
  return disagreementMatrix(decidersOf(await decide(engine, model, batches()), ofTeacher?.decisions[0] ?? null));
}

/** Inspects the model. On the engine only the parameters stay alive. */
export async function inspect(engine: Engine, model: Deit, image: InspectedImage, set: InspectedSet | null): Promise<Inspection> {
  const { config } = model;
  const all = await intermediates(engine, model, image.images);
  const alone = [normalisedBatch(image.images, [image.label ?? 0])];
  return {
    config,
    image,
    set: set?.name ?? null,
    decisions: await decisions(engine, config, all),
    attention: attentionMaps(all, config),
    rollouts: rolloutMaps(all, config),
    cosines: await tokenCosines(engine, model, set?.batches() ?? alone),
    disagreement: set === null ? null : await disagreementOn(engine, model, set),
    intermediates: all,
  };
}
