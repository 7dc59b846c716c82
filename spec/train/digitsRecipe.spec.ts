import { expect, it } from "vitest";
import { readRecipe } from "../../src/recipe/recipe.ts";
import type { Recipe } from "../../src/train/run/recipe.ts";

const digits: Recipe = {
  name: "digits",
  seed: 0,
  data: {
    train: "digits:train",
    test: "digits:test",
    images: null,
    mean: [0.305],
    std: [0.376],
    rotation: 10,
    padding: 1,
    flip: false,
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
    imageSize: 16,
    patchSize: 8,
    channels: 1,
    width: 64,
    depth: 3,
    heads: 4,
    mlpRatio: 4,
    classes: 10,
    distilled: true,
    layerNormEps: 1e-6,
    position: "learned",
  },
  init: null,
  training: {
    batch: 32,
    microBatch: null,
    schedule: { base: 2e-3, min: 1e-5, warmup: 1e-6, warmupEpochs: 3, epochs: 40 },
    delayed: false,
    optimizer: { kind: "adamw", noDecay: "deit", beta1: 0.9, beta2: 0.999, eps: 1e-8, weightDecay: 0.05 },
    smoothing: { share: 0.1, over: "all" },
    clipNorm: null,
    emaDecay: null,
    lossScale: null,
    dropPath: 0.05,
    dropout: 0,
    trained: "all",
  },
  distillation: { kind: "hard", alpha: 0.5, student: "distillation" },
  teachers: [
    {
      kind: "regnety",
      imageSize: 16,
      mean: [0.305],
      std: [0.376],
      model: { channels: 1, stem: 8, widths: [16, 32], depths: [1, 1], groupWidth: 8, seRatio: 0.25, classes: 10, batchNormEps: 1e-5 },
      training: {
        batch: 24,
        microBatch: null,
        schedule: { base: 0.1, min: 1e-3, warmup: 1e-6, warmupEpochs: 1, epochs: 40 },
        delayed: false,
        optimizer: { kind: "sgd", noDecay: "deit", momentum: 0.9, nesterov: true, weightDecay: 1e-4 },
        smoothing: { share: 0.1, over: "all" },
        clipNorm: null,
        emaDecay: null,
        lossScale: null,
      },
    },
  ],
};

it("the bundled recipe of the digits describes this run", () => {
  expect(readRecipe("digits").recipe).toEqual(digits);
});
