/**
 * `deit bench train`: one whole training step as in the paper (deit.md 7.1): forward, objective, backward and AdamW. Hard distillation uses the
 * logits of a teacher or, without `--teacher`, logits that exist already.
 */
import type { Kernels } from "../kernels/kernels.ts";
import type { DeitConfig } from "../model/config.ts";
import type { DeitParams } from "../model/deit.ts";
import type { RegnetConfig } from "../teacher/config.ts";
import { fold, keyOf } from "../tensor/key.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Memory } from "../train/step/deitTask.ts";
import { initialLossScale } from "../train/optimizer/lossScale.ts";
import { initialOptimizerState } from "../train/optimizer/optimizer.ts";
import { mixedBatch } from "../train/step/mixedBatch.ts";
import { publishedAdamw, publishedSmoothing, publishedTask } from "../train/step/publishedTask.ts";
import { trainStep, type TrainState } from "../train/step/step.ts";
import { benchImages, benchParams, benchTeacher } from "./model.ts";
import { drawn } from "./opBench.ts";
import type { Program, ProgramWork } from "./program.ts";
import type { Work } from "./timing.ts";

/** η of the first epochs of a warm-up: the steps are such as training makes, and the weights stay bounded. */
const RATE = 1e-6;

export interface TrainOptions {
  /** The teacher whose forward is part of a step; null: its logits exist already. */
  readonly teacher: RegnetConfig | null;
  /** Whether the loss is scaled, as a run in f16 needs it (train/optimizer/lossScale.ts). */
  readonly scaledLoss: boolean;
}

const plainly: TrainOptions = { teacher: null, scaledLoss: false };

/** The teacher as a function of images. */
function teacherOf(k: Kernels, { classes }: DeitConfig, B: number, teacher: RegnetConfig | null): (k: Kernels, images: Tensor) => Tensor {
  if (teacher !== null) return benchTeacher(k, teacher);
  const logits = drawn(k, "teacher", B, classes);
  return () => k.scale(logits, 1); // a copy, since the step's batch is freed
}

/** A training step; each run continues from the state of the one before. */
function stepWork(k: Kernels, config: DeitConfig, B: number, memory: Memory, { teacher, scaledLoss }: TrainOptions): Work {
  const params = benchParams(k, config);
  let state: TrainState<DeitParams, null> = {
    params,
    optimizer: initialOptimizerState(k, publishedAdamw, params),
    buffers: null,
    average: null,
    lossScale: scaledLoss ? initialLossScale(k) : null,
    step: 0,
  };
  const labels = Array.from({ length: B }, (_, b) => b % config.classes);
  const given = { images: benchImages(k, config, B), labels: k.upload([B], labels) };
  const taught = config.distilled ? teacherOf(k, config, B, teacher) : null;
  const task = publishedTask(config, memory);
  const settings = { optimizer: publishedAdamw, lr: RATE, clipNorm: null, emaDecay: 0 };
  const run = (): void => {
    const { target, logits } = k.region("batch", () => ({
      target: mixedBatch(k, given, [], { classes: config.classes, smoothing: publishedSmoothing }).target,
      logits: taught?.(k, given.images) ?? null,
    }));
    const batch = { images: given.images, target, teacher: logits };
    const { state: next, loss } = trainStep(k, task, state, batch, fold(keyOf(0), state.step), settings);
    state = next;
    k.donate([loss, target, logits]);
  };
  return { run };
}

/** Steps of training in normal or low memory. */
export function trainProgram(config: DeitConfig, memory: Memory, options: TrainOptions = plainly): Program {
  const work = (within: Memory): ProgramWork => (k, B) => stepWork(k, config, B, within, options); // prettier-ignore
  return { work: work(memory), lean: memory === "low" ? null : work("low") };
}
