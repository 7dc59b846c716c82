/** A digest of a few training steps, for testing bitwise identity. */
import { mixedBatch } from "#deit/train/step/mixedBatch.js";
import {
  averageOf,
  deitLogits,
  deitTask,
  fold,
  initialOptimizerState,
  initialParams,
  keyOf,
  named,
  observe,
  trainStep,
  type DeitConfig,
  type Optimizer,
  type TrainState,
  type DeitParams,
} from "#deit/index.js";
import type { Engine } from "#deit/kernels/engine.js";
import { digestOf } from "./digestOf.ts";

/** A small model; its training uses drop path, dropout and distillation. */
const config: DeitConfig = {
  imageSize: 8,
  patchSize: 4,
  channels: 3,
  width: 24,
  depth: 2,
  heads: 3,
  mlpRatio: 4,
  classes: 7,
  distilled: true,
  layerNormEps: 1e-6,
  position: "learned",
};
const LABELS = [1, 6, 0];
const optimizer: Optimizer = { kind: "adamw", noDecay: "deit", beta1: 0.9, beta2: 0.999, eps: 1e-8, weightDecay: 0.05 };

export interface Training {
  readonly steps: number;
  readonly seed: number;
}

/** The SHA-256 of all outputs and gradients of the ops in these steps, and of the final state, in hexadecimal digits. */
export async function trainingDigest(engine: Engine, { steps, seed }: Training): Promise<string> {
  const [key, B] = [keyOf(seed), LABELS.length];
  const reads: Promise<Float64Array | Float32Array>[] = [];
  const take = (tree: unknown): void => {
    for (const tensor of named(tree).values()) reads.push(engine.read(tensor));
  };
  const k = observe(engine.kernels, { after: (_, out) => take(out) });
  const task = deitTask({
    config,
    model: deitLogits,
    dropPath: 0.2,
    dropout: 0.1,
    distillation: { kind: "hard", alpha: 0.5, student: "distillation" },
  });
  const settings = { optimizer, lr: 1e-3, clipNorm: 1, emaDecay: 0.9 };
  const params = initialParams(k, config, key);
  let state: TrainState<DeitParams, null> = {
    params,
    optimizer: initialOptimizerState(k, optimizer, params),
    buffers: null,
    average: averageOf(k, params),
    lossScale: null,
    step: 0,
  };
  const images = k.uniform(fold(key, "images"), [B, config.channels, config.imageSize, config.imageSize]);
  const given = { images, labels: k.upload([B], LABELS) };
  const mixed = mixedBatch(k, given, [], { classes: config.classes, smoothing: { share: 0.1, over: "all" } });
  const batch = { ...mixed, teacher: k.uniform(fold(key, "teacher"), [B, config.classes]) };
  for (let step = 0; step < steps; step++) ({ state } = trainStep(k, task, state, batch, fold(key, step), settings));
  take(state);
  return digestOf(await Promise.all(reads));
}
