/** Computations of the chapter on the optimiser and its schedule. */
import {
  adamw,
  clip,
  delayedLearningRate,
  ema,
  globalNorm,
  learningRate,
  nextLossScale,
  sgd,
  type Kernels,
  type Schedule,
  type Tensor,
} from "deit";
import { hostArray, type Leaves } from "deit/check";
import { arrayOf, numberOf, onEngine, onHost, one, type Computation } from "../computation.ts";

const upload = (k: Kernels, inputs: Leaves, name: string): Tensor => {
  const { shape, data } = arrayOf(inputs, name);
  return k.upload(shape, data);
};

const scheduleOf = (inputs: Leaves): Schedule => ({
  base: numberOf(inputs, "base"),
  min: numberOf(inputs, "min"),
  warmup: numberOf(inputs, "warmup"),
  warmupEpochs: numberOf(inputs, "warmupEpochs"),
  epochs: numberOf(inputs, "epochs"),
});

const settings = { base: one(1e-3), min: one(1e-5), warmup: one(1e-6), warmupEpochs: one(5), epochs: one(300), t: one(5) };

const CURVE = "f(0) … f(epochs)";

const rateValues = onHost("learningRate", settings, (inputs) => {
  const schedule = scheduleOf(inputs);
  const t = numberOf(inputs, "t");
  const epochs = Array.from({ length: schedule.epochs + 1 }, (_, epoch) => learningRate(schedule, epoch));
  return {
    "f(t)/base": one(learningRate(schedule, t) / schedule.base),
    "delayed(t)/base": one(delayedLearningRate(schedule, t) / schedule.base),
    [CURVE]: hostArray([epochs.length], epochs),
  };
});

const zeros = hostArray([3], [0, 0, 0]);

const adamwInputs = {
  theta: hostArray([3], [1, 1, 1]),
  grad: hostArray([3], [5, -0.01, 0]),
  m: zeros,
  v: zeros,
  lr: one(0.1),
  weightDecay: one(0.1),
  step: one(1),
};

const adamwStep = onEngine("adamw", adamwInputs, (k, inputs) => {
  const of = (name: string): { readonly theta: Tensor } => ({ theta: upload(k, inputs, name) });
  const attrs = {
    lr: numberOf(inputs, "lr"),
    beta1: 0.9,
    beta2: 0.999,
    eps: 1e-8,
    weightDecay: numberOf(inputs, "weightDecay"),
    step: numberOf(inputs, "step"),
  };
  const trees = { params: of("theta"), moments: { m: of("m"), v: of("v") }, grads: of("grad"), finite: null, skipped: null };
  const next = adamw(k, trees, attrs, () => true);
  return { theta: next.params.theta, m: next.moments.m.theta, v: next.moments.v.theta };
});

const sgdInputs = {
  theta: hostArray([2], [1, 1]),
  grad: hostArray([2], [1, -0.5]),
  buffer: hostArray([2], [2, 2]),
  lr: one(0.1),
  momentum: one(0.9),
  nesterov: one(1),
  weightDecay: one(0),
};

const sgdStep = onEngine("sgd", sgdInputs, (k, inputs) => {
  const of = (name: string): { readonly theta: Tensor } => ({ theta: upload(k, inputs, name) });
  const attrs = {
    lr: numberOf(inputs, "lr"),
    momentum: numberOf(inputs, "momentum"),
    nesterov: numberOf(inputs, "nesterov") !== 0,
    weightDecay: numberOf(inputs, "weightDecay"),
  };
  const next = sgd(k, { params: of("theta"), buffer: of("buffer"), grads: of("grad"), finite: null }, attrs, () => true);
  return { theta: next.params.theta, buffer: next.buffer.theta };
});

const clipped = onEngine(
  "clip",
  { weight: hostArray([2, 2], [3, 0, 0, 0]), bias: hostArray([2], [0, 4]), maxNorm: one(1) },
  (k, inputs) => {
    const grads = { weight: upload(k, inputs, "weight"), bias: upload(k, inputs, "bias") };
    const norm = globalNorm(k, grads);
    return { norm, ...clip(k, grads, numberOf(inputs, "maxNorm")) };
  },
);

const scale = onEngine("nextLossScale", { scale: one(1024), clean: one(1999), skipped: one(0), finite: one(1) }, (k, inputs) => {
  const of = (name: string): Tensor => upload(k, inputs, name);
  return nextLossScale.run(k, { scale: of("scale"), clean: of("clean"), skipped: of("skipped"), finite: of("finite") });
});

const average = onEngine("ema", { average: hostArray([2], [0, 1]), theta: hostArray([2], [1, 1]), decay: one(0.9) }, (k, inputs) => ({
  average: ema(
    k,
    { average: { e: upload(k, inputs, "average") }, params: { e: upload(k, inputs, "theta") }, finite: null },
    { decay: numberOf(inputs, "decay") },
  ).e,
}));

export const optimiser: Readonly<Record<string, Computation>> = {
  "optimiser/rate": { ...rateValues, curve: CURVE },
  "optimiser/adamw": adamwStep,
  "optimiser/sgd": sgdStep,
  "optimiser/clip": clipped,
  "optimiser/lossScale": scale,
  "optimiser/average": average,
};
