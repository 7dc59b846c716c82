/** A RegNetY that is trained first, as the authors' teacher was: on the same images with the same augmentation, by SGD (deit.md 8.2). */
import { join } from "node:path";
import { digestOfRecord } from "../../io/disk/digest.ts";
import { regnetMetadata } from "../../io/onnx/regnetFile.ts";
import { saveSafetensors } from "../../io/safetensors/save.ts";
import { readTree } from "../../io/weights/trees.ts";
import type { Engine } from "../../kernels/engine.ts";
import { initialRegnet } from "../../teacher/init.ts";
import { buildRegnet, regnetShapes } from "../../teacher/params.ts";
import type { RegnetParams } from "../../teacher/regnet.ts";
import { fold, type Key } from "../../tensor/key.ts";
import { scoredByLogits } from "../evaluation/accuracy.ts";
import type { Recipe, RegnetyTeacher } from "../run/recipe.ts";
import type { Sets } from "../run/sets.ts";
import { accuracyOf } from "./measure.ts";
import { regnetPredictBy, type RegnetBuffers, type RegnetModel } from "./network.ts";
import { regnetTask, type RegnetStatistics } from "./regnetTask.ts";
import { within } from "./teacher.ts";
import { identityOfData, identityOfTraining, type TeacherTraining } from "./trained.ts";

/** Writes parameters and buffers under timm's names and in timm's order. The metadata `regnet` corresponds to `deit` in a DeiT's file. */
async function writeWeights(
  engine: Engine,
  path: string,
  { model: config, imageSize }: RegnetyTeacher,
  model: RegnetModel,
  sets: Sets,
): Promise<void> {
  const leaves = new Map([...(await readTree(engine, model.params)), ...(await readTree(engine, model.buffers))]);
  const order = [...regnetShapes(config).keys()];
  const ordered = [...leaves].toSorted(([a], [b]) => order.indexOf(a) - order.indexOf(b));
  const about = { config, classes: sets.train.classes, preprocessing: sets.normalisation, imageSize };
  await saveSafetensors(path, new Map(ordered), (_, tensor) => tensor, regnetMetadata(about));
}

/** The training, on the teacher's own images `sets`, which `data` normalises. */
export function regnetyTraining(
  engine: Engine,
  { seed, data, mixing, model }: Recipe,
  teacher: RegnetyTeacher,
  key: Key,
  sets: Sets,
): TeacherTraining<RegnetParams, RegnetBuffers, RegnetStatistics> {
  const { model: config, training, imageSize: side } = teacher;
  const predict = (of: RegnetModel): ReturnType<typeof regnetPredictBy> => regnetPredictBy(config, of);
  const measured = async (of: RegnetModel): Promise<{ readonly top1: number }> => {
    const logits = within(predict(of));
    const { top1 } = await accuracyOf(engine, { logits }, config.classes, sets.test.batches(training.batch));
    return { top1 };
  };
  const identity = {
    seed,
    data: identityOfData(data),
    config,
    training: identityOfTraining(training),
    ...(side === model.imageSize ? {} : { side }),
  };
  return {
    zeros: (k) => {
      const { params, running: buffers } = buildRegnet(config, (_, shape) => k.zeros(shape));
      return { params, buffers };
    },
    predictBy: predict,
    write: (directory, of) => writeWeights(engine, join(directory, "weights.safetensors"), teacher, of, sets),
    training: () => ({
      task: regnetTask(config),
      target: { classes: config.classes, smoothing: training.smoothing },
      teacher: null,
      teacherShare: 0,
      initial: (k) => {
        const { params, running: buffers } = initialRegnet(k, config, fold(key, "init"));
        return { params, buffers };
      },
      training,
      dataset: sets.train,
      side,
      data,
      mixing: null,
      group: mixing.group,
      key,
      digest: digestOfRecord(identity),
      measurement: {
        measured,
        forward: (k, of, { images, labels }) => scoredByLogits(k, predict(of)(k, images), k.oneHot(labels, config.classes)),
        sizes: sets.test.sizes,
      },
    }),
  };
}
