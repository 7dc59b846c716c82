/** All that `deit inspect` shows of a model: on one image, and on a data set if there is one. */
import type { Batches, HostBatch } from "../data/batches.ts";
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

/** The image that is looked into. */
export interface InspectedImage {
  /** What people call it. */
  readonly name: string;
  /** As it looks, [C, S, S], full scale 1. */
  readonly pixels: Float64Array;
  /** As the network takes it, [1, C, S, S]. */
  readonly images: HostBatch["images"];
  /** Its class; null: not known. */
  readonly label: number | null;
  /** Names of the classes. */
  readonly classes: readonly string[];
}

/** What cosines and disagreement are measured on. */
export interface InspectedSet {
  readonly name: string;
  readonly batches: () => Batches;
  /** Images → logits of the model's teacher; null: none is known. */
  readonly teacher: ((k: Kernels, images: Tensor) => Tensor) | null;
}

/** What a head, or both together, take the image for. */
export interface Decision {
  readonly by: "class" | "distillation" | "both" | "model";
  /** The most probable classes, up to PLACES. */
  readonly top: readonly Ranked[];
}

export interface Inspection {
  readonly config: DeitConfig;
  readonly image: InspectedImage;
  /** Name of the data set; null: the image alone. */
  readonly set: string | null;
  readonly decisions: readonly Decision[];
  readonly attention: readonly LayerMaps[];
  /** After each block: rows of the rollout of the prefix tokens. */
  readonly rollouts: readonly (readonly TokenMap[])[];
  /** The mean over the data set, else of the image; null: a plain model. */
  readonly cosines: TokenCosines | null;
  /** null: without a data set. */
  readonly disagreement: DisagreementMatrix | null;
  readonly intermediates: Intermediates;
}

/** Classes of a decision that are told. */
const PLACES = 5;

async function decisionBy(engine: Engine, by: Decision["by"], logits: ArrayLike<number>): Promise<Decision> {
  const { kernels: k } = engine;
  let read: Promise<ArrayLike<number>> = Promise.resolve([]);
  k.region("decision", () => {
    read = engine.read(softmax.forward(k, { z: k.upload([1, logits.length], logits) }).out);
    return null;
  });
  return { by, top: ranked(logits, await read, PLACES) };
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
  const taught = teacher === null ? null : await decisionsBy(engine, (k, images) => [teacher(k, images)], batches());
  return disagreementMatrix(decidersOf(await decide(engine, model, batches()), taught?.decisions[0] ?? null));
}

/** Looks into the model. Nothing stays alive on the engine but the parameters. */
export async function inspect(engine: Engine, model: Deit, subject: InspectedImage, set: InspectedSet | null): Promise<Inspection> {
  const { config } = model;
  const all = await intermediates(engine, model, subject.images);
  const alone = [{ images: subject.images, labels: [subject.label ?? 0] }];
  return {
    config,
    image: subject,
    set: set?.name ?? null,
    decisions: await decisions(engine, config, all),
    attention: attentionMaps(all, config),
    rollouts: rolloutMaps(all, config),
    cosines: await tokenCosines(engine, model, set?.batches() ?? alone),
    disagreement: set === null ? null : await disagreementOn(engine, model, set),
    intermediates: all,
  };
}
