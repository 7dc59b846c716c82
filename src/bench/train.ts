/**
 * `deit bench train`: one training step as in the paper (deit.md 7.1): forward, objective, backward and AdamW. Hard distillation uses the logits
 * of a teacher or, without `--teacher`, logits that exist already. A whole step also uploads the bytes of its images, normalises, erases and mixes
 * them, and moves the average of the weights.
 */
import type { Kernels } from "../kernels/kernels.ts";
import type { DeitConfig } from "../model/config.ts";
import type { DeitParams } from "../model/deit.ts";
import type { RegnetConfig } from "../teacher/config.ts";
import { fold, keyOf } from "../tensor/key.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Memory } from "../train/step/deitTask.ts";
import { drawMixes, type Mix } from "../train/mixing/drawMix.ts";
import { averageOf } from "../train/optimizer/ema.ts";
import { initialLossScale } from "../train/optimizer/lossScale.ts";
import { initialOptimizerState } from "../train/optimizer/optimizer.ts";
import { mixedBatch } from "../train/step/mixedBatch.ts";
import { publishedAdamw, publishedEmaDecay, publishedMixing, publishedSmoothing, publishedTask } from "../train/step/publishedTask.ts";
import { trainStep, type TrainState } from "../train/step/step.ts";
import { uploadBatch, type LabelledImages } from "../train/step/uploadBatch.ts";
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
  /** Whether a step has all that one of the paper's recipe has, or works on images that are mixed already. */
  readonly whole: boolean;
}

const plainly: TrainOptions = { teacher: null, scaledLoss: false, whole: false };

/** The share of images of which a rectangle is erased, and its mean share of the image, between 0.02 and 1/3 (deit.md 7.10). */
const [ERASED, AREA] = [0.25, (0.02 + 1 / 3) / 2];

/** A batch as the loader makes it. */
type HostBatch = Parameters<typeof uploadBatch>[1];

/** What is in the images does not matter. */
function hostBatch({ channels: C, imageSize: S, classes }: DeitConfig, B: number): HostBatch {
  const side = Math.round(S * Math.sqrt(AREA));
  const ofChannels = (value: number): readonly number[] => Array.from({ length: C }, () => value);
  const noise = new Float32Array(C * side ** 2).fill(1 / 2);
  return {
    shape: [B, C, S, S],
    pixels: new Uint8Array(B * C * S ** 2).fill(127),
    labels: Array.from({ length: B }, (_, b) => b % classes),
    erased: Array.from({ length: Math.round(ERASED * B) }, (_, image) => ({ image, top: 0, left: 0, h: side, w: side, noise })),
    normalisation: { mean: ofChannels(1 / 2), std: ofChannels(1 / 4) },
  };
}

/** How a batch is mixed: in groups as the authors', if it has whole ones. An odd batch is not mixed. */
function mixesOf(step: number, B: number, S: number): readonly Mix[] {
  const group = B % publishedMixing.group === 0 ? publishedMixing.group : B;
  return B % 2 === 0 ? drawMixes(fold(keyOf(0), step), { ...publishedMixing, group }, B, S) : [];
}

/** The teacher as a function of images. */
function teacherOf(k: Kernels, { classes }: DeitConfig, B: number, teacher: RegnetConfig | null): (k: Kernels, images: Tensor) => Tensor {
  if (teacher !== null) return benchTeacher(k, teacher);
  const logits = drawn(k, "teacher", B, classes);
  return () => k.scale(logits, 1); // a copy, since the step's batch is freed
}

/** The labelled images of each step: always the same, on the engine; or bytes of the host, uploaded anew. */
function imagesOf(k: Kernels, config: DeitConfig, B: number, whole: boolean): () => LabelledImages {
  const host = whole ? hostBatch(config, B) : null;
  if (host !== null) return () => uploadBatch(k, host);
  const labels = Array.from({ length: B }, (_, b) => b % config.classes);
  const given = { images: benchImages(k, config, B), labels: k.upload([B], labels) };
  return () => given;
}

/** A training step; each run continues from the state of the one before. */
function stepWork(k: Kernels, config: DeitConfig, B: number, memory: Memory, { teacher, scaledLoss, whole }: TrainOptions): Work {
  const params = benchParams(k, config);
  let state: TrainState<DeitParams, null> = {
    params,
    optimizer: initialOptimizerState(k, publishedAdamw, params),
    buffers: null,
    average: whole ? averageOf(k, params) : null,
    lossScale: scaledLoss ? initialLossScale(k) : null,
    step: 0,
  };
  const images = imagesOf(k, config, B, whole);
  const taught = config.distilled ? teacherOf(k, config, B, teacher) : null;
  const task = publishedTask(config, memory);
  const settings = { optimizer: publishedAdamw, lr: RATE, clipNorm: null, emaDecay: publishedEmaDecay };
  const run = (): void => {
    const batch = k.region("batch", () => {
      const mixes = whole ? mixesOf(state.step, B, config.imageSize) : [];
      const mixed = mixedBatch(k, images(), mixes, { classes: config.classes, smoothing: publishedSmoothing });
      return { ...mixed, teacher: taught?.(k, mixed.images) ?? null };
    });
    const { state: next, loss } = trainStep(k, task, state, batch, fold(keyOf(0), state.step), settings);
    state = next;
    k.donate([loss, batch.target, batch.teacher, ...(whole ? [batch.images] : [])]);
  };
  return { run };
}

/** Steps of training in normal or low memory. */
export function trainProgram(config: DeitConfig, memory: Memory, options: TrainOptions = plainly): Program {
  const work = (within: Memory): ProgramWork => (k, B) => stepWork(k, config, B, within, options); // prettier-ignore
  return { work: work(memory), lean: memory === "low" ? null : work("low") };
}
