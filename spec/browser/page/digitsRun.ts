/** Trains a small DeiT on the digits for some steps, on devices that may be lost. */
import type { AugmentSettings } from "#deit/data/augment/settings.js";
import type { HostBatch } from "#deit/data/loader/batch.js";
import { batchIn } from "#deit/data/loader/batchIn.js";
import { inTurn } from "#deit/data/loader/inTurn.js";
import { trainingOrder } from "#deit/data/loader/sampler.js";
import { plainKernels } from "#deit/data/pixels/plain.js";
import { digitsOf } from "#deit/data/sources/digitsOf.js";
import { mixedBatch, type TargetSettings } from "#deit/train/step/mixedBatch.js";
import {
  deitLogits,
  deitTask,
  fold,
  initialParams,
  initialState,
  keepTraining,
  keyOf,
  trainStep,
  type Checkpoint,
  type DeitConfig,
  type DeitParams,
  type ResumableTraining,
} from "#deit/index.js";
import { numbersOf } from "#deit/io/weights/stored.js";
import type { Engine } from "#deit/kernels/engine.js";
import type { TrainingRecipe } from "#deit/train/run/recipe.js";
import { uploadBatch } from "#deit/train/step/uploadBatch.js";
import { digestOf } from "./digestOf.ts";

const config: DeitConfig = {
  imageSize: 16,
  patchSize: 4,
  channels: 1,
  width: 24,
  depth: 2,
  heads: 3,
  mlpRatio: 4,
  classes: 10,
  distilled: false,
  layerNormEps: 1e-6,
  position: "learned",
};
const training: Pick<TrainingRecipe, "optimizer" | "emaDecay" | "lossScale"> = {
  optimizer: { kind: "adamw", noDecay: "deit", beta1: 0.9, beta2: 0.999, eps: 1e-8, weightDecay: 0.05 },
  emaDecay: null,
  lossScale: null,
};
const settings = { optimizer: training.optimizer, lr: 2e-3, clipNorm: 1, emaDecay: 0 };
const normalisation = { mean: [0.305], std: [0.376] };
const augmentation: AugmentSettings = {
  crop: "padded",
  area: [0.08, 1],
  aspect: [0.75, 4 / 3],
  padding: 1,
  flip: false,
  rotation: 10,
  policy: { kind: "none" },
  colourJitter: 0,
  erasing: 0,
};
const BATCH = 16;
const target: TargetSettings = { classes: config.classes, smoothing: { share: 0.1, over: "all" } };

const task = deitTask({
  config,
  model: deitLogits,
  dropPath: 0.1,
  dropout: 0,
  distillation: { kind: "none" },
});

export interface DigitsOptions {
  readonly steps: number;
  /** Steps from one checkpoint to the next. */
  readonly every: number;
  /** The steps in the middle of which the device is lost, once each. */
  readonly lostIn: readonly number[];
}

export interface DigitsResult {
  /** The loss of each step. */
  readonly losses: readonly number[];
  /** SHA-256 of the state after the last step, in hexadecimal digits. */
  readonly digest: string;
  /** How many engines were used. */
  readonly engines: number;
}

/** An engine whose device can be lost. */
export interface LosableEngine {
  readonly engine: Engine;
  /** Destroys the device. */
  readonly lose: () => void;
}

/** Runs the training. @param file fixtures/digits/digits.safetensors */
export async function digitsRun(
  open: () => Promise<LosableEngine>,
  file: Uint8Array,
  { steps, every, lostIn }: DigitsOptions,
): Promise<DigitsResult> {
  const [key, dataset] = [keyOf(5), digitsOf(file, "train", config.imageSize, "")];
  const order = trainingOrder(key, dataset, { batch: BATCH, repeats: 1, replicas: 1 });
  const job = { kind: "augment", key, settings: augmentation } as const;
  const size = { images: BATCH, channels: config.channels, side: config.imageSize };
  const source = inTurn({ dataset, job, size, kernels: plainKernels, onCorrupt: () => undefined });
  const batchAt = async (step: number): Promise<HostBatch> => {
    for await (const slot of source.slots([order.request(step)])) return batchIn(slot, size, job, normalisation);
    throw new Error("no batch");
  };
  const losses: number[] = [];
  const left = new Set(lostIn);
  const engines: LosableEngine[] = [];

  const study = (engine: Engine): ResumableTraining<DeitParams, null> => {
    const k = engine.kernels;
    return {
      initial: () => initialState(k, training, { params: initialParams(k, config, fold(key, "init")), buffers: null }),
      step: async (state) => {
        const made = await batchAt(state.step);
        const batch = k.region("batch", () => ({ ...mixedBatch(k, uploadBatch(k, made), [], target), teacher: null }));
        const { state: next, loss } = trainStep(k, task, state, batch, fold(key, state.step), settings);
        const read = engine.read(loss);
        await Promise.resolve(); // now the device is working on the step
        if (left.delete(next.step)) engines.at(-1)?.lose();
        losses[next.step - 1] = (await read)[0] ?? NaN;
        engine.release([loss, batch]);
        return next;
      },
    };
  };
  const checkpoints: Checkpoint[] = [];
  await keepTraining({
    open: async () => {
      const losable = await open();
      engines.push(losable);
      return losable.engine;
    },
    study,
    steps,
    every,
    from: null,
    onCheckpoint: (checkpoint) => checkpoints.push(checkpoint),
  });
  const state = [...(checkpoints.at(-1)?.tensors.values() ?? [])];
  return { losses, digest: await digestOf(state.map(numbersOf)), engines: engines.length };
}
