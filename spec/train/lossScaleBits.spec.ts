/** If nothing overflows, training with a scaled loss is bitwise identical to training without: the scale is a power of two. */
import { describe, expect, it } from "vitest";
import { readTree } from "../../src/io/weights/trees.ts";
import type { Engine } from "../../src/kernels/engine.ts";
import type { Kernels } from "../../src/kernels/kernels.ts";
import { initialParams } from "../../src/model/init.ts";
import type { BatchNormBuffers } from "../../src/teacher/batchNorm.ts";
import { initialRegnet } from "../../src/teacher/init.ts";
import type { RegnetNorms } from "../../src/teacher/norms.ts";
import type { RegnetParams } from "../../src/teacher/regnet.ts";
import { fold, keyOf } from "../../src/tensor/key.ts";
import { deitTaskWithin } from "../../src/train/step/deitTask.ts";
import { averageOf } from "../../src/train/optimizer/ema.ts";
import { initialLossScale } from "../../src/train/optimizer/lossScale.ts";
import { initialOptimizerState, type Optimizer } from "../../src/train/optimizer/optimizer.ts";
import { regnetTask } from "../../src/train/teachers/regnetTask.ts";
import { mixedBatch } from "../../src/train/step/mixedBatch.ts";
import { trainStep, type TrainState } from "../../src/train/step/step.ts";
import type { Task } from "../../src/train/step/task.ts";
import { engines } from "../helpers/engines.ts";
import { tiny, tinyRegnet } from "./tiny.ts";

const SGD: Optimizer = { kind: "sgd", noDecay: "deit", momentum: 0.9, nesterov: true, weightDecay: 1e-4 };

const key = keyOf(5);

/** The states after ten steps with a loss scale and without. */
async function twice<P, B, S>(
  engine: Engine,
  task: Task<P, B, S>,
  model: (k: Kernels) => { readonly params: P; readonly buffers: B },
  optimizer: Optimizer,
): Promise<readonly Awaited<ReturnType<typeof readTree>>[]> {
  const k = engine.kernels;
  const run = (scaled: boolean): ReturnType<typeof readTree> => {
    const { params, buffers } = model(k);
    const lossScale = scaled ? initialLossScale(k) : null;
    let state: TrainState<P, B> = {
      params,
      optimizer: initialOptimizerState(k, optimizer, params),
      buffers,
      average: averageOf(k, params),
      lossScale,
      step: 0,
    };
    const { channels, imageSize } = tiny.model;
    for (let step = 0; step < 10; step++) {
      const images = k.uniform(fold(key, step), [4, channels, imageSize, imageSize]);
      const given = { images, labels: k.upload([4], [0, 1, 2, 0]) };
      const target = { classes: tiny.model.classes, smoothing: tiny.training.smoothing };
      const batch = { ...mixedBatch(k, given, [], target), teacher: k.uniform(key, [4, tiny.model.classes]) };
      ({ state } = trainStep(k, task, state, batch, fold(key, step), { optimizer, lr: 1e-2, clipNorm: 1, emaDecay: 0.9 }));
    }
    return readTree(engine, { ...state, lossScale: null });
  };
  return [await run(true), await run(false)];
}

function initialTeacher(k: Kernels): { readonly params: RegnetParams; readonly buffers: RegnetNorms<BatchNormBuffers> } {
  const { params, running } = initialRegnet(k, tinyRegnet, key);
  return { params, buffers: running };
}

describe.each(engines.filter(({ large }) => large))("on the $name engine", ({ make }) => {
  it("a student's training is bitwise identical with and without a loss scale", async () => {
    const { model: config, training, distillation } = tiny;
    const { dropPath, dropout } = training;
    const task = deitTaskWithin("normal", { config, dropPath, dropout, distillation });
    const [scaled, plain] = await twice(
      await make(),
      task,
      (k) => ({ params: initialParams(k, config, key), buffers: null }),
      tiny.training.optimizer,
    );
    expect(scaled).toEqual(plain);
  });

  it("so is a teacher's, including its running statistics", async () => {
    const task = regnetTask(tinyRegnet);
    const [scaled, plain] = await twice(await make(), task, initialTeacher, SGD);
    expect(scaled).toEqual(plain);
  });
});
