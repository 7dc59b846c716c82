/** A DeiT that is trained first, from the labels alone: a student without a teacher, with the recipe's mixing. */
import { join } from "node:path";
import { digestOfRecord } from "../../io/disk/digest.ts";
import { writeDurably } from "../../io/disk/durable.ts";
import { readTree } from "../../io/weights/trees.ts";
import { writeWeights } from "../../io/weights/weights.ts";
import type { Engine } from "../../kernels/engine.ts";
import type { DeitParams } from "../../model/deit.ts";
import { initialParams } from "../../model/init.ts";
import { buildParams } from "../../model/params.ts";
import { fold, type Key } from "../../tensor/key.ts";
import { evaluateHeads, scoresOfHeads } from "../evaluation/evaluate.ts";
import type { DeitTeacher, Recipe } from "../run/recipe.ts";
import type { Sets } from "../run/sets.ts";
import { deitTaskWithin } from "../step/deitTask.ts";
import { deitPredictBy } from "./network.ts";
import { identityOfData, identityOfTraining, type TeacherTraining } from "./trained.ts";

/** The training, on the teacher's own images `sets`, which `data` normalises. */
export function deitTraining(
  engine: Engine,
  { seed, data, mixing }: Recipe,
  { model: config, training, head }: DeitTeacher,
  key: Key,
  sets: Sets,
): TeacherTraining<DeitParams, null, null> {
  const { smoothing, dropPath, dropout } = training;
  return {
    zeros: (k) => ({ params: buildParams(config, (_, shape) => k.zeros(shape)), buffers: null }),
    predictBy: ({ params }) => deitPredictBy(config, params, head),
    write: async (directory, { params }) => {
      const about = { config, classes: sets.train.classes, preprocessing: sets.normalisation };
      await writeDurably(join(directory, "weights.safetensors"), writeWeights({ ...about, tensors: await readTree(engine, params) }));
    },
    training: (memory) => ({
      task: deitTaskWithin(memory, { config, dropPath, dropout, distillation: { kind: "none" } }),
      target: { classes: config.classes, smoothing },
      teacher: null,
      teacherShare: 0,
      initial: (k) => ({ params: initialParams(k, config, fold(key, "init")), buffers: null }),
      training,
      dataset: sets.train,
      side: config.imageSize,
      data,
      mixing,
      group: mixing.group,
      key,
      digest: digestOfRecord({ seed, data: identityOfData(data), mixing, config, training: identityOfTraining(training) }),
      measurement: {
        measured: async ({ params }) => {
          const { mean } = await evaluateHeads(engine, { config, params }, sets.test.batches(training.batch));
          return { top1: mean.top1 };
        },
        forward: (k, { params }, batch) => scoresOfHeads(k, { config, params }, batch),
        sizes: sets.test.sizes,
      },
    }),
  };
}
