/** The order of operations in a training step (deit.md 7.6), on a task whose gradient is known. */
import type { Draw } from "../../check/draw.ts";
import { leavesOf, mapHost, upload, type Host, type HostArray } from "../../check/host.ts";
import type { Row } from "../../check/laws/row.ts";
import { fold, uniformAt, type Key } from "../../tensor/key.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { mapTree } from "../../tensor/tree.ts";
import { averageOf } from "../../train/optimizer/ema.ts";
import type { LossScale } from "../../train/optimizer/lossScale.ts";
import { initialOptimizerState, type Optimizer } from "../../train/optimizer/optimizer.ts";
import { trainStep, type StepSettings, type TrainState } from "../../train/step/step.ts";
import type { Batch, Task } from "../../train/step/task.ts";
import { claimsRow, type Claim } from "../cases/claim.ts";
import { tabulate } from "../loops/matrix.ts";
import { clipped, lossScale, squares, type LossScaleState } from "../loops/recipe.ts";
import {
  adamwTrees,
  blank,
  drawAdamW,
  drawLossScale,
  drawSgd,
  drawTree,
  emaTrees,
  NON_FINITE,
  scaleArrays,
  sgdTrees,
  type Params,
} from "../cases/optimizerCase.ts";

/**
 * The loss is the image's first pixel. θ̄ = θ + a random draw for each element of θ; for one bias the second pixel is added. The buffer sums the
 * targets.
 */
const task: Task<Params, Tensor, Tensor> = {
  lossAndGrads: (k, { params }, { images, target }, { key }, dLoss) => {
    const pixel = (i: number): Tensor => k.reshape(k.slice(images, 3, i, i + 1), []);
    const slope = (theta: Tensor, name: string): Tensor => {
      const right = k.add(theta, k.uniform(fold(key, name), theta.shape));
      return name === "head.bias" ? k.add(right, pixel(1)) : right;
    };
    return {
      loss: pixel(0),
      truth: null,
      grads: mapTree(params, (theta, name) => k.mul(slope(theta, name), dLoss)),
      statistics: k.scale(target, 1),
    };
  },
  moveOn: (k, buffers, statistics) => {
    const next = k.add(buffers, statistics);
    k.donate(buffers);
    return next;
  },
};

/** θ̄ by loops, for a second pixel of 0. */
const gradients = (params: Host<Params>, key: Key): Host<Params> =>
  mapHost(params, ({ shape, data }, name) => ({ shape, data: data.map((theta, i) => theta + uniformAt(fold(key, name), i)) }));

interface HostState {
  readonly params: Host<Params>;
  readonly m: Host<Params> | null;
  readonly v: Host<Params> | null;
  readonly buffers: HostArray;
  readonly average: Host<Params> | null;
  readonly lossScale: LossScaleState | null;
  readonly step: number;
}

interface HostStep {
  readonly images: HostArray;
  readonly target: HostArray;
  readonly key: Key;
  readonly settings: StepSettings;
}

/** Gradient, clipping, optimiser, average of the new weights, buffers. With a scaled loss, a non-finite gradient skips the step. */
function stepByLoops(state: HostState, { images, target, key, settings }: HostStep): HostState {
  const { params, m, v, buffers, average, step } = state;
  const { optimizer, clipNorm, lr, emaDecay } = settings;
  const overflow = !Number.isFinite(images.data[1]);
  const scale = state.lossScale === null ? null : lossScale(state.lossScale, overflow);
  if (scale !== null && overflow)
    return { ...state, m: m ?? blank, v: optimizer.kind === "sgd" ? null : (v ?? blank), lossScale: scale, step: step + 1 };
  const all = gradients(params, key);
  const norm = Math.sqrt(squares(leavesOf(all).values()));
  const grads = clipNorm === null ? all : mapHost(all, (g) => clipped(g, norm, clipNorm));
  const rest = {
    buffers: { shape: buffers.shape, data: buffers.data.map((x, i) => x + (target.data[i] ?? NaN)) },
    lossScale: scale,
    step: step + 1,
  };
  if (optimizer.kind === "sgd") {
    const next = sgdTrees({ params, buffer: m }, grads, { ...optimizer, lr }, optimizer.noDecay);
    return { ...rest, params: next.params, m: next.buffer, v: null, average: average && emaTrees(average, next.params, emaDecay) };
  }
  const counted = step + 1 - (state.lossScale?.s ?? 0);
  const next = adamwTrees({ params, m: m ?? blank, v: v ?? blank }, grads, { ...optimizer, lr, step: counted }, optimizer.noDecay);
  return { ...rest, ...next, average: average && emaTrees(average, next.params, emaDecay) };
}

function drawOptimizer(draw: Draw): Optimizer {
  const noDecay = draw.oneOf(["deit", "timm"] as const);
  if (draw.oneOf([true, false])) return { kind: "sgd", noDecay, ...drawSgd(draw) };
  return { kind: "adamw", noDecay, ...drawAdamW(draw, 1) };
}

/** Two steps from the start or from a later step, each with its own rate; the norm of the gradient is around 10. */
function claims(draw: Draw): readonly Claim[] {
  const [optimizer, B] = [drawOptimizer(draw), draw.integer(1, 4)];
  const [clipNorm, emaDecay] = [draw.oneOf([null, 1e6, draw.real(0.5, 5)]), draw.real(0.5, 0.95)];
  const first = draw.oneOf([0, draw.integer(0, 9), draw.integer(64, 99)]);
  const scaled = draw.oneOf([true, false]) ? drawLossScale(draw, first + 1) : null;
  const steps: readonly HostStep[] = [0, 1].map(() => ({
    images: {
      shape: [1, 1, 1, 2],
      data: Float64Array.of(draw.round(draw.real(0, 9)), scaled === null ? 0 : draw.oneOf([0, 0, ...NON_FINITE])),
    },
    target: draw.labels([B], 10),
    key: draw.key(),
    settings: { optimizer, lr: draw.real(0.01, 0.2), clipNorm, emaDecay },
  }));
  const [params, averaged] = [drawTree(draw), draw.oneOf([true, false])];
  const buffers = tabulate([B], () => 0);
  const start: HostState = { params, m: null, v: null, buffers, average: averaged ? params : null, lossScale: scaled, step: first };
  const end = steps.reduce(stepByLoops, start);
  const expected = {
    state: {
      params: end.params,
      optimizer: { m: end.m, v: end.v },
      buffers: end.buffers,
      average: end.average,
      lossScale: end.lossScale && scaleArrays(end.lossScale),
    },
    losses: steps.map(({ images }) => ({ shape: [], data: images.data.slice(0, 1) })),
    step: tabulate([1], () => end.step),
  };
  return [
    {
      actual: (k) => {
        const weights = upload<Params>(k, params);
        let state: TrainState<Params, Tensor> = {
          params: weights,
          optimizer: initialOptimizerState(k, optimizer, weights),
          buffers: upload<Tensor>(k, buffers),
          average: averaged ? averageOf(k, weights) : null,
          lossScale: scaled === null ? null : upload<LossScale>(k, scaleArrays(scaled)),
          step: first,
        };
        const losses: Tensor[] = [];
        for (const { images, target, key, settings } of steps) {
          const batch = upload<Batch>(k, { images, target, teacher: null });
          const next = trainStep(k, task, state, batch, key, settings);
          state = next.state;
          losses.push(next.loss);
        }
        const { step, ...kept } = state;
        return { state: kept, losses, step: k.upload([1], [step]) };
      },
      expected,
    },
  ];
}

export const trainStepRow: Row = claimsRow(
  "identity/train-step",
  "a training step: gradient, its scale, clipping, optimiser, average, buffers, in this order",
  claims,
);
