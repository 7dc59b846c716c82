/** The teacher of a run: a RegNetY that is trained first, with settings and a folder of its own. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Batches } from "../../data/loader/batch.ts";
import { digestOfRecord } from "../../io/disk/digest.ts";
import { saveSafetensors } from "../../io/safetensors/save.ts";
import { readTree } from "../../io/weights/trees.ts";
import type { Engine } from "../../kernels/engine.ts";
import type { Kernels } from "../../kernels/kernels.ts";
import type { BatchNormBuffers, BatchStats } from "../../teacher/batchNorm.ts";
import type { RegnetConfig } from "../../teacher/config.ts";
import { initialRegnet } from "../../teacher/init.ts";
import type { RegnetNorms } from "../../teacher/norms.ts";
import { buildRegnet, regnetShapes } from "../../teacher/params.ts";
import { regnetPredict, regnetTrain, type RegnetAttrs, type RegnetParams, type RegnetSaved } from "../../teacher/regnet.ts";
import { moveRunning } from "../../teacher/runningStatistics.ts";
import { fold, keyOf } from "../../tensor/key.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { judge, scoredByLogits, total, type Accuracy, type Judgement, type Scored } from "../evaluation/accuracy.ts";
import { classifierTask } from "../step/classifierTask.ts";
import type { Smoothing } from "../step/mixedBatch.ts";
import { trainModel, type RunSettings } from "./loop.ts";
import { trainingOnShapes } from "./onShapes.ts";
import type { OnEpoch, Training } from "./training.ts";
import type { Sets } from "./sets.ts";
import type { Model } from "./state.ts";
import type { Recipe, TeacherRecipe } from "./recipe.ts";
import type { Batch, Task } from "../step/step.ts";
import { uploadBatch } from "../step/uploadBatch.ts";

type Buffers = RegnetNorms<BatchNormBuffers>;
type Regnet = Model<RegnetParams, Buffers>;

/** A trained teacher. */
export interface Teacher {
  /** Lives in the engine's outermost region until the caller releases it. */
  readonly model: Regnet;
  /** Logits of images, in evaluation mode. */
  readonly predict: (k: Kernels, images: Tensor) => Tensor;
  /** On the test images. */
  readonly accuracy: Accuracy;
}

const attrsOf = ({ groupWidth, batchNormEps: eps }: RegnetConfig, running: Buffers): RegnetAttrs => ({ eps, groupWidth, running });

/** Images → logits, in evaluation mode. */
export const predictBy =
  (config: RegnetConfig, { params, buffers }: Regnet): Teacher["predict"] =>
  (k, images) =>
    regnetPredict(k.at("teacher"), { images, params }, attrsOf(config, buffers));

/** Training of a RegNetY: it normalises by the batch's statistics, which also update the running statistics. */
export function regnetTask(config: RegnetConfig, smoothing: Smoothing): Task<RegnetParams, Buffers, RegnetNorms<BatchStats>> {
  return classifierTask<RegnetParams, Buffers, RegnetNorms<BatchStats>, RegnetSaved>({
    forward: (k, { buffers, ...inputs }) => {
      const { out, saved } = regnetTrain.forward(k, inputs, attrsOf(config, buffers));
      return { logits: out.logits, statistics: out.stats.constant, saved };
    },
    vjp: (k, saved, logits) => regnetTrain.vjp(k, saved, { logits, stats: null }).params,
    moveOn: moveRunning,
    classes: config.classes,
    smoothing,
  });
}

const scoresOf = (k: Kernels, config: RegnetConfig, model: Regnet, { images, labels }: Pick<Batch, "images" | "labels">): Scored =>
  scoredByLogits(k, predictBy(config, model)(k, images), k.oneHot(labels, config.classes));

async function accuracyOf(engine: Engine, config: RegnetConfig, model: Regnet, batches: Batches): Promise<Accuracy> {
  const k = engine.kernels;
  const judgements: Judgement[] = [];
  for await (const batch of batches) {
    const reads: Promise<unknown>[] = [];
    k.region("evaluate", () => {
      const scored = scoresOf(k, config, model, uploadBatch(k, batch));
      reads.push(judge(engine, scored, batch.labels).then((j) => judgements.push(j)));
      return null;
    });
    await Promise.all(reads);
  }
  return total(judgements);
}

/** Writes parameters and buffers under timm's names and in timm's order. The metadata `regnet` corresponds to `deit` in a DeiT's file. */
async function writeWeights(engine: Engine, path: string, config: RegnetConfig, { params, buffers }: Regnet, sets: Sets): Promise<void> {
  const leaves = new Map([...(await readTree(engine, params)), ...(await readTree(engine, buffers))]);
  const order = [...regnetShapes(config).keys()];
  const ordered = [...leaves].toSorted(([a], [b]) => order.indexOf(a) - order.indexOf(b));
  const about = { model: config, classes: sets.train.classes, preprocessing: sets.normalisation };
  await saveSafetensors(path, new Map(ordered), (_, tensor) => tensor, new Map([["regnet", JSON.stringify(about)]]));
}

/** The teacher's training, and its accuracy on the test images. */
function teacherTraining(
  engine: Engine,
  { seed, data, mixing, model }: Recipe,
  { model: config, training }: TeacherRecipe,
  sets: Sets,
): {
  readonly training: Training<RegnetParams, Buffers, RegnetNorms<BatchStats>>;
  readonly accuracy: (model: Regnet) => Promise<Accuracy>;
} {
  const key = fold(keyOf(seed), "teacher");
  const accuracy = (model: Regnet): Promise<Accuracy> => accuracyOf(engine, config, model, sets.test.batches(training.batch));
  return {
    accuracy,
    training: {
      task: regnetTask(config, training.smoothing),
      initial: (k) => {
        const { params, running } = initialRegnet(k, config, fold(key, "init"));
        return { params, buffers: running };
      },
      training,
      dataset: sets.train,
      side: model.imageSize,
      data,
      mixing: null,
      group: mixing.group,
      key,
      digest: digestOfRecord({ seed, data, config, training }),
      measurement: {
        measured: async (model) => ({ top1: (await accuracy(model)).top1 }),
        forward: (k, model, batch) => scoresOf(k, config, model, batch),
        sizes: sets.test.sizes,
      },
    },
  };
}

/** The teacher's training on shapes alone, on n images, for the plan of the memory. Returns its model. */
export function teacherOnShapes(k: Kernels, engine: Engine, recipe: Recipe, taught: TeacherRecipe, sets: Sets, n: number): Regnet {
  const { params, running } = buildRegnet(taught.model, (_, shape) => k.zeros(shape));
  return trainingOnShapes(k, teacherTraining(engine, recipe, taught, sets).training, { params, buffers: running }, n);
}

/** Trains the teacher in `run.directory`; null: it was stopped. */
export async function runTeacher(
  engine: Engine,
  recipe: Recipe,
  taught: TeacherRecipe,
  sets: Sets,
  run: RunSettings,
  onEpoch: OnEpoch<RegnetParams, Buffers>,
): Promise<Teacher | null> {
  const config = taught.model;
  const { training, accuracy } = teacherTraining(engine, recipe, taught, sets);
  await mkdir(run.directory, { recursive: true });
  const { state, interrupted } = await trainModel(engine, { ...training, onEpoch }, run);
  const { params, buffers, optimizer, average, lossScale } = state;
  engine.release([optimizer, average, lossScale]);
  const model = { params, buffers };
  if (interrupted) {
    engine.release(model);
    return null;
  }
  await writeWeights(engine, join(run.directory, "weights.safetensors"), config, model, sets);
  return { model, predict: predictBy(config, model), accuracy: await accuracy(model) };
}
