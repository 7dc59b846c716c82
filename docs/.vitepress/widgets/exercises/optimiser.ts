/** Exercises of the chapter on the optimiser and its schedule. */
import { adamw, learningRate, referenceEngine, sgd, type Tensor } from "deit";
import { evaluateOne, hostArray, type Arrays, type HostArray } from "deit/check";
import type { Exercise } from "../exercise.ts";
import { integer, numbers } from "./arbitraries.ts";

const engine = referenceEngine();
const at = (inputs: Arrays, name: string): number => inputs[name]?.data[0] ?? NaN;
const arrayAt = (inputs: Arrays, name: string): HostArray => inputs[name] ?? hostArray([0], []);

const DEIT = { base: 1e-3, min: 1e-5, warmup: 1e-6 };
const ADAMW = { lr: 0.1, beta1: 0.9, beta2: 0.999, eps: 1e-8, weightDecay: 0.05 };
const SGD = { lr: 0.1, momentum: 0.9, nesterov: true, weightDecay: 0.01 };

function adamwTheta(inputs: Arrays): Promise<HostArray> {
  return evaluateOne(engine, (k) => {
    const of = (name: string): { readonly theta: Tensor } => ({ theta: k.upload([2], arrayAt(inputs, name).data) });
    const trees = { params: of("theta"), moments: { m: of("m"), v: of("v") }, grads: of("grad"), finite: null, skipped: null };
    return adamw(k, trees, { ...ADAMW, step: at(inputs, "step") }, () => true).params.theta;
  });
}

/** θ after one step of SGD for each row of the gradients. */
function sgdTheta(inputs: Arrays): Promise<HostArray> {
  const { shape, data } = arrayAt(inputs, "grads");
  const [steps = 0, D = 0] = shape;
  return evaluateOne(engine, (k) => {
    let params = { theta: k.upload([D], arrayAt(inputs, "theta").data) };
    let buffer: { readonly theta: Tensor } | null = null;
    for (let i = 0; i < steps; i++) {
      const grads = { theta: k.upload([D], data.subarray(i * D, (i + 1) * D)) };
      ({ params, buffer } = sgd(k, { params, buffer, grads, finite: null }, SGD, () => true));
    }
    return params.theta;
  });
}

export const optimiser: readonly Exercise[] = [
  {
    id: "optimiser/schedule",
    kind: "values",
    inputs: { t: integer(0, 320), warmupEpochs: integer(1, 20), epochs: integer(30, 300) },
    right: (inputs) => {
      const schedule = { ...DEIT, warmupEpochs: at(inputs, "warmupEpochs"), epochs: at(inputs, "epochs") };
      return hostArray([], [learningRate(schedule, at(inputs, "t"))]);
    },
  },
  {
    id: "optimiser/adamw",
    kind: "values",
    inputs: {
      theta: numbers([2], -2, 2),
      grad: numbers([2], -2, 2),
      m: numbers([2], -1, 1),
      v: numbers([2], 0.125, 1),
      step: integer(1, 20),
    },
    right: adamwTheta,
  },
  {
    id: "optimiser/sgd",
    kind: "values",
    inputs: { theta: numbers([2], -2, 2), grads: numbers([3, 2], -2, 2) },
    right: sgdTheta,
  },
];
