/** The teacher of the playground: a small RegNetY that learns the digits first, step by step, as `deit train` trains it. */
import { rateOf } from "#deit/train/optimizer/schedule.js";
import { judge, scoredByLogits, total } from "#deit/train/evaluation/accuracy.js";
import { regnetPredictBy, type RegnetModel } from "#deit/train/teachers/network.js";
import { regnetTask } from "#deit/train/teachers/regnetTask.js";
import { within, type Predict } from "#deit/train/teachers/teacher.js";
import { uploadBatch } from "#deit/train/step/uploadBatch.js";
import { fold, inference, initialRegnet, initialState, keyOf, mixedBatch, trainStep, type Engine } from "#deit/index.js";
import type { DigitsRecipe } from "../recipe.ts";
import { digits, trainingBatches, wholeSet } from "./views.ts";

/** How far a teacher has come. */
export interface TeacherProgress {
  readonly step: number;
  readonly steps: number;
  readonly loss: number;
  /** On the test digits; null: it is not measured before the last step. */
  readonly top1: number | null;
}

/** A teacher in training. */
export interface StudyingTeacher {
  readonly done: () => boolean;
  /** The next step. */
  readonly step: () => Promise<TeacherProgress>;
  /** z_t of a batch of images. */
  readonly predict: Predict;
}

/** A teacher before its first step. */
export function openTeacher(
  engine: Engine,
  { recipe, teacher }: DigitsRecipe,
  file: Uint8Array,
  { seed, side, epochs }: { readonly seed: number; readonly side: number; readonly epochs: number },
): StudyingTeacher {
  const k = engine.kernels;
  const { model: config, training } = teacher;
  const key = fold(keyOf(seed), "teacher");
  const batches = trainingBatches(digits(file, "train", side), key, recipe.data, training.batch);
  const test = wholeSet(digits(file, "test", side), recipe.data);
  const steps = epochs * batches.stepsPerEpoch;
  const task = regnetTask(config);
  const { params, running: buffers } = initialRegnet(k, config, fold(key, "init"));
  let state = initialState(k, training, { params, buffers });

  const model = (): RegnetModel => ({ params: state.params, buffers: state.buffers });
  const predict: Predict = (kernels, images) => within(regnetPredictBy(config, model()))(kernels, images);

  async function top1(): Promise<number> {
    const evaluating = inference(k);
    const judging: ReturnType<typeof judge>[] = [];
    k.region("evaluate", () => {
      const { images, labels } = uploadBatch(evaluating, test);
      const scored = scoredByLogits(evaluating, predict(evaluating, images), k.oneHot(labels, config.classes));
      judging.push(judge(engine, scored, test.labels));
      return null;
    });
    return total(await Promise.all(judging)).top1;
  }

  return {
    done: () => state.step >= steps,
    predict,
    step: async () => {
      const { step } = state;
      const made = batches.at(step);
      const target = { classes: config.classes, smoothing: training.smoothing };
      const batch = k.region("batch", () => ({ ...mixedBatch(k, uploadBatch(k, made), [], target), teacher: null }));
      const lr = rateOf({ ...training, schedule: { ...training.schedule, epochs } }, Math.floor(step / batches.stepsPerEpoch));
      const settings = { optimizer: training.optimizer, lr, clipNorm: training.clipNorm, emaDecay: 0 };
      const next = trainStep(k, task, state, batch, fold(fold(key, "step"), step), settings);
      state = next.state;
      const [loss = NaN] = await engine.read(next.loss);
      engine.release([next.loss, batch]);
      return { step: state.step, steps, loss, top1: state.step === steps ? await top1() : null };
    },
  };
}
