/** Collects all that `deit inspect` shows of a model: on one image and, if there is one, on a data set. */
import { normalisedBatch, type Batches } from "../data/loader/batch.ts";
import type { NormalisedImages } from "../data/normalise.ts";
import type { Engine } from "../kernels/engine.ts";
import type { Kernels } from "../kernels/kernels.ts";
import { prefixCount, type DeitConfig } from "../model/config.ts";
import type { DeitParams } from "../model/deit.ts";
import { softmax } from "../ops/softmax.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { ranked, type Ranked } from "../train/evaluation/classify.ts";
import { decide, decisionsBy } from "../train/evaluation/decisions.ts";
import type { Deit } from "../train/evaluation/evaluate.ts";
import { tokenCosines, type TokenCosines } from "../train/evaluation/tokenCosines.ts";
import { attentionMaps, prefixTokens, probabilities, tokenMap, type LayerMaps, type TokenMap } from "./attention.ts";
import { decidersOf, disagreementMatrix, type DisagreementMatrix, type Neighbour } from "./disagreement.ts";
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
  /** Models whose decisions are compared with this one's. */
  readonly beside: readonly ModelBeside[];
}

/** Another model, which takes images of its own size and normalisation. */
export interface ModelBeside {
  /** In the table of disagreement. */
  readonly name: string;
  readonly config: DeitConfig;
  readonly upload: (k: Kernels) => DeitParams;
  /** The same images in the same order, as this model takes them. */
  readonly batches: () => Batches;
}

/** How a head, or both together, classify the image. */
export interface Decision {
  readonly by: "class" | "distillation" | "both" | "model";
  /** The most probable classes, up to MOST_CLASSES. */
  readonly top: readonly Ranked[];
}

/** What `deit inspect` prints. */
export interface Measurement {
  readonly config: DeitConfig;
  readonly image: InspectedImage;
  /** Name of the data set; null: the image alone. */
  readonly set: string | null;
  readonly decisions: readonly Decision[];
  /** The mean over the data set, or without one that of the image; null: the model is plain. */
  readonly cosines: TokenCosines | null;
  /** null: there is no data set. */
  readonly disagreement: DisagreementMatrix | null;
  /** The names of the models beside this one in the table of disagreement. */
  readonly beside: readonly string[];
}

/** All that the page of `deit inspect` shows. */
export interface Inspection extends Measurement {
  readonly attention: readonly LayerMaps[];
  /** After each block, the prefix tokens' rows of the rollout. */
  readonly rollouts: readonly (readonly TokenMap[])[];
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

/** The decisions of another model, whose parameters are on the engine only meanwhile. */
async function decisionsBeside(engine: Engine, { name, config, upload, batches }: ModelBeside): Promise<Neighbour> {
  const params = upload(engine.kernels);
  const decisions = await decide(engine, { config, params }, batches());
  engine.release(params);
  return { name, decisions };
}

async function disagreementOn(engine: Engine, model: Deit, { batches, teacher, beside }: InspectedSet): Promise<DisagreementMatrix> {
  const ofTeacher = teacher === null ? null : await decisionsBy(engine, (k, images) => [teacher(k, images)], batches());
  const own = await decide(engine, model, batches());
  const neighbours: Neighbour[] = [];
  for (const other of beside) neighbours.push(await decisionsBeside(engine, other));
  return disagreementMatrix(decidersOf(own, ofTeacher?.decisions[0] ?? null, neighbours));
}

/** @param all the intermediates of the image */
async function measuredWith(
  engine: Engine,
  model: Deit,
  image: InspectedImage,
  set: InspectedSet | null,
  all: Intermediates,
): Promise<Measurement> {
  const { config } = model;
  const alone = [normalisedBatch(image.images, [image.label ?? 0])];
  return {
    config,
    image,
    set: set?.name ?? null,
    decisions: await decisions(engine, config, all),
    cosines: await tokenCosines(engine, model, set?.batches() ?? alone),
    disagreement: set === null ? null : await disagreementOn(engine, model, set),
    beside: set?.beside.map(({ name }) => name) ?? [],
  };
}

/** Measures the model, without what only pictures show. On the engine only the parameters stay alive. */
export const measure = async (engine: Engine, model: Deit, image: InspectedImage, set: InspectedSet | null): Promise<Measurement> =>
  measuredWith(engine, model, image, set, await intermediates(engine, model, image.images));

/** Inspects the model: measures it, and computes the maps of the pictures. On the engine only the parameters stay alive. */
export async function inspect(engine: Engine, model: Deit, image: InspectedImage, set: InspectedSet | null): Promise<Inspection> {
  const all = await intermediates(engine, model, image.images);
  return {
    ...(await measuredWith(engine, model, image, set, all)),
    attention: attentionMaps(all, model.config),
    rollouts: rolloutMaps(all, model.config),
    intermediates: all,
  };
}
