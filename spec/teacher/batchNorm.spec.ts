import { describe, expect, it } from "vitest";
import { gap } from "../../src/check/close.ts";
import { drawOf } from "../../src/check/draw.ts";
import { evaluate, type HostArray } from "../../src/check/host.ts";
import { tolerances } from "../../src/check/tolerance.ts";
import { referenceEngine } from "../../src/engines/reference/engine.ts";
import type { Kernels } from "../../src/kernels/kernels.ts";
import { batchNormEval, batchNormEvalGrads, batchNormTrain, batchNormTrainGrads } from "../../src/laws/loops/teacher.ts";
import { batchNorm, frozenBatchNorm, type BatchNormBuffers } from "../../src/teacher/batchNorm.ts";
import { runningStatistics } from "../../src/teacher/runningStatistics.ts";
import { keyOf } from "../../src/tensor/key.ts";
import { tensorOf } from "../helpers/fixtures.ts";

const { bound } = tolerances.equation.f64;
const eps = 1e-5;
const draw = drawOf(keyOf(12));
const [x, dy] = [draw.array([3, 2, 4, 5], { mean: 3, deviation: 2 }), draw.array([3, 2, 4, 5])];
const params = { weight: draw.array([2]), bias: draw.array([2]) };
const running = { mean: draw.array([2]), variance: { shape: [2], data: Float64Array.of(0.7, 2.5) } };

const put = (k: Kernels, { shape, data }: HostArray): ReturnType<Kernels["upload"]> => k.upload(shape, data);
const putParams = (k: Kernels): { readonly weight: ReturnType<typeof put>; readonly bias: ReturnType<typeof put> } => ({
  weight: put(k, params.weight),
  bias: put(k, params.bias),
});
const putRunning = (k: Kernels): BatchNormBuffers => ({
  running_mean: put(k, running.mean),
  running_var: put(k, running.variance),
  num_batches_tracked: k.upload([], [3]),
});

describe("batch norm in training", () => {
  const ours = evaluate(referenceEngine(), (k) => {
    const { out, saved } = batchNorm.forward(k, { x: put(k, x), params: putParams(k) }, { eps });
    const { x: dx, params: dParams } = batchNorm.vjp(k, saved, { y: put(k, dy), stats: null });
    return { y: out.y, ...out.stats.constant, dx, ...dParams };
  });
  const [forward, grads] = [batchNormTrain(x, params, eps), batchNormTrainGrads(x, params.weight, dy, eps)];

  it.each([
    ["y", forward.y],
    ["mean", forward.mean],
    ["variance", forward.variance],
    ["dx", grads.x],
    ["weight", grads.weight],
    ["bias", grads.bias],
  ])("has %s as the loops over its formula give it", async (name, expected) => {
    expect(gap(tensorOf(await ours, name), expected)).toBeLessThanOrEqual(bound);
  });

  it("returns the variance over n − 1", async () => {
    const [first = [], second = []] = [0, 1].map((c) => [...x.data].filter((_, i) => Math.floor(i / 20) % 2 === c));
    const variance = (values: readonly number[]): number => {
      const mean = values.reduce((a, b) => a + b, 0) / values.length;
      return values.reduce((a, b) => a + (b - mean) ** 2, 0) / (values.length - 1);
    };
    const expected = { shape: [2], data: Float64Array.of(variance(first), variance(second)) };
    expect(gap(tensorOf(await ours, "variance"), expected)).toBeLessThanOrEqual(bound);
  });

  it("refuses one value per channel", () => {
    const { kernels: k } = referenceEngine();
    expect(() => batchNorm.forward(k, { x: k.zeros([1, 2, 1, 1]), params: putParams(k) }, { eps })).toThrow(
      "batchNorm: training needs at least 2 values per channel (batch × rows × columns), got 1",
    );
  });

  it("refuses an ε that is not positive", () => {
    const { kernels: k } = referenceEngine();
    expect(() => batchNorm.forward(k, { x: put(k, x), params: putParams(k) }, { eps: 0 })).toThrow("batchNorm: eps must be > 0, got 0");
  });
});

describe("batch norm in evaluation", () => {
  const ours = evaluate(referenceEngine(), (k) => {
    const { out, saved } = frozenBatchNorm.forward(k, { x: put(k, x), params: putParams(k) }, { eps, running: putRunning(k) });
    const { x: dx, params: dParams } = frozenBatchNorm.vjp(k, saved, { y: put(k, dy), stats: null });
    return { y: out.y, dx, ...dParams };
  });
  const grads = batchNormEvalGrads(x, params.weight, running, dy, eps);

  it.each([
    ["y", batchNormEval(x, params, running, eps)],
    ["dx", grads.x],
    ["weight", grads.weight],
    ["bias", grads.bias],
  ])("has %s as the loops over its formula give it", async (name, expected) => {
    expect(gap(tensorOf(await ours, name), expected)).toBeLessThanOrEqual(bound);
  });

  it("returns no statistics", () => {
    const { kernels: k } = referenceEngine();
    const { out } = frozenBatchNorm.forward(k, { x: put(k, x), params: putParams(k) }, { eps, running: putRunning(k) });
    expect(out.stats).toEqual({ constant: null });
  });
});

describe("running statistics", () => {
  it("move by a tenth towards those of the batch, and count the batch", async () => {
    const moved = await evaluate(referenceEngine(), (k) =>
      runningStatistics.run(
        k,
        {
          running: { running_mean: k.upload([2], [1, -2]), running_var: k.upload([2], [1, 4]), num_batches_tracked: k.upload([], [3]) },
          stats: { mean: k.upload([2], [11, 8]), variance: k.upload([2], [2, 0]) },
        },
        { momentum: 0.1 },
      ),
    );
    const expected = { running_mean: [2, -1], running_var: [1.1, 3.6], num_batches_tracked: [4] };
    for (const [name, data] of Object.entries(expected))
      expect(
        gap(tensorOf(moved, name), { shape: name === "num_batches_tracked" ? [] : [2], data: Float64Array.from(data) }),
      ).toBeLessThanOrEqual(bound);
  });
});
