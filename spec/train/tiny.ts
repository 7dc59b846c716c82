/** The smallest recipe with a teacher and a distilled student: 3 steps an epoch, a few milliseconds each. */
import type { RegnetConfig } from "../../src/teacher/config.ts";
import type { Recipe, RegnetyTeacher } from "../../src/train/run/recipe.ts";

const EPOCHS = 4;

export const tinyRegnet: RegnetConfig = {
  channels: 1,
  stem: 4,
  widths: [4],
  depths: [1],
  groupWidth: 2,
  seRatio: 0.25,
  classes: 3,
  batchNormEps: 1e-5,
};

/** The teacher of the smallest recipe, which is trained first. */
export const tinyTeacher: RegnetyTeacher = {
  kind: "regnety",
  imageSize: 4,
  mean: [0.5],
  std: [0.25],
  model: tinyRegnet,
  training: {
    batch: 4,
    microBatch: null,
    schedule: { base: 5e-2, min: 1e-3, warmup: 5e-2, warmupEpochs: 0, epochs: 2 },
    delayed: false,
    optimizer: { kind: "sgd", noDecay: "deit", momentum: 0.9, nesterov: true, weightDecay: 1e-4 },
    smoothing: { share: 0.1, over: "all" },
    clipNorm: 5,
    emaDecay: null,
    lossScale: null,
  },
};

export const tiny: Recipe = {
  name: "tiny",
  seed: 3,
  data: {
    train: "synthetic:13",
    test: "synthetic:7",
    images: null,
    mean: [0.5],
    std: [0.25],
    rotation: 0,
    padding: 1,
    flip: true,
    crop: "padded",
    area: [0.08, 1],
    aspect: [3 / 4, 4 / 3],
    policy: { kind: "none" },
    colourJitter: 0,
    erasing: 0,
    repeats: 1,
  },
  mixing: { mixup: 0, cutmix: 0, probability: 1, cutmixShare: 0.5, group: 64 },

  model: {
    imageSize: 4,
    patchSize: 2,
    channels: 1,
    width: 8,
    depth: 2,
    heads: 2,
    mlpRatio: 2,
    classes: 3,
    distilled: true,
    layerNormEps: 1e-6,
    position: "learned",
  },
  init: null,
  training: {
    batch: 4,
    microBatch: null,
    schedule: { base: 1e-2, min: 1e-4, warmup: 1e-3, warmupEpochs: 1, epochs: EPOCHS },
    delayed: false,
    optimizer: { kind: "adamw", noDecay: "deit", beta1: 0.9, beta2: 0.999, eps: 1e-8, weightDecay: 0.05 },
    smoothing: { share: 0.1, over: "all" },
    clipNorm: null,
    emaDecay: 0.9,
    lossScale: null,
    dropPath: 0.2,
    dropout: 0.1,
    trained: "all",
  },
  distillation: { kind: "hard", alpha: 0.5, student: "distillation" },
  teachers: [tinyTeacher],
};

/** The recipe with a student of so many epochs. */
export const tinyOf = (epochs: number): Recipe => ({
  ...tiny,
  training: { ...tiny.training, schedule: { ...tiny.training.schedule, epochs } },
});
