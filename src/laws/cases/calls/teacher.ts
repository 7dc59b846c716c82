/** Random calls of the teacher's small ops, with the expected output by loops. None is near a kink, and no channel is nearly constant. */
import type { Draw } from "../../../check/draw.ts";
import type { Precision } from "../../../kernels/engine.ts";
import type { HostArray } from "../../../check/host.ts";
import type { Layer } from "../../../ops/op.ts";
import type { AveragePoolInputs } from "../../../teacher/averagePool.ts";
import type { BatchNormAttrs, BatchNormParams, BatchStats, FrozenBatchNormAttrs, Normed } from "../../../teacher/batchNorm.ts";
import type { ConvAttrs, ConvParams } from "../../../teacher/conv.ts";
import type { ClassifierParams } from "../../../teacher/head.ts";
import type { ReluInputs } from "../../../teacher/relu.ts";
import type { SigmoidInputs } from "../../../teacher/sigmoid.ts";
import type { SqueezeExciteParams } from "../../../teacher/squeezeExcite.ts";
import { axis, type Shape } from "../../../tensor/tensor.ts";
import type { HostCall } from "../hostCall.ts";
import { linear } from "../../loops/linear.ts";
import { mapped } from "../../loops/rows.ts";
import { excited, gates, pooled, rectified } from "../../loops/squeezeExcite.ts";
import { batchNormEval, batchNormTrain, convolved } from "../../loops/teacher.ts";
import { linearParams } from "../networkParams.ts";
import { epsilon, severalRows, sizes } from "../sizes.ts";
import { buffers, gains, kernel, squeezeParams } from "../teacherParams.ts";

/** The least |input| of a ReLU: far more than the step of the stencil or rounding to f16 moves it. */
const MARGINS: { readonly [P in Precision]: number } = { f64: 1e-3, f32: 1e-3, f16: 4e-3 };

export const marginOf = ({ precision }: Draw): number => MARGINS[precision];

/** The least variance of a channel that a norm divides by its standard deviation. */
const SPREAD = 0.005;

/** Whether no channel is nearly constant. */
export const spread = (variance: HostArray): boolean => variance.data.every((v) => v >= SPREAD);

/** Calls `make` until it returns a case instead of null. */
export function drawUntil<T>(make: () => T | null): T {
  for (;;) {
    const made = make();
    if (made !== null) return made;
  }
}

export function reluCall(draw: Draw): HostCall<ReluInputs> {
  const margin = marginOf(draw);
  const x = mapped(draw.array(severalRows(draw)), (v) => draw.round(v < 0 ? v - margin : v + margin));
  return { inputs: { x }, attrs: undefined, expected: rectified(x) };
}

/** Several elements, of both signs, some where g(1 − g) is small. */
export function sigmoidCall(draw: Draw): HostCall<SigmoidInputs> {
  const u = draw.array([...severalRows(draw), draw.integer(2, 5)], { deviation: draw.oneOf([0.5, 2]) });
  return { inputs: { u }, attrs: undefined, expected: gates(u) };
}

export function averagePoolCall(draw: Draw): HostCall<AveragePoolInputs> {
  const x = draw.array(sizes(draw, 4));
  return { inputs: { x }, attrs: undefined, expected: pooled(x) };
}

/** A number of rows and a different number of columns. */
export const rectangle = (draw: Draw, min: number, max: number): Shape =>
  drawUntil(() => {
    const [rows, columns] = [draw.integer(min, max), draw.integer(min, max)];
    return rows === columns ? null : [rows, columns];
  });

/** Groups, strides and paddings; H ≠ W. Windows may extend beyond the image, or leave some of its border out. */
export function convCall(draw: Draw): HostCall<Layer<ConvParams>, ConvAttrs> {
  const [B, groups, side, stride] = [draw.integer(1, 3), draw.integer(1, 3), draw.oneOf([1, 3]), draw.integer(1, 3)];
  const [I = 1, perGroup = 1] = sizes(draw, 2).map((size) => Math.ceil(size / 2));
  const [H = 1, W = 1] = rectangle(draw, 3, 6);
  const attrs = { groups, stride, padding: draw.integer(0, 2) };
  const x = draw.array([B, groups * I, H, W]);
  const weight = kernel(draw, groups * perGroup, I, side, side);
  return { inputs: { x, params: { weight } }, attrs, expected: convolved(x, weight, attrs) };
}

/** At least three values per channel: a norm of two values keeps only the sign of their difference. */
function normImages(draw: Draw): HostArray {
  const shape = drawUntil(() => {
    const [B = 1, C = 1, H = 1, W = 1] = sizes(draw, 4);
    return B * H * W < 3 ? null : [B, C, H, W];
  });
  return draw.array(shape, { mean: draw.real(-2, 2), deviation: draw.oneOf([0.5, 1, 3]) });
}

export const batchNormCall = (draw: Draw): HostCall<Layer<BatchNormParams>, BatchNormAttrs, Normed<BatchStats>> =>
  drawUntil(() => {
    const x = normImages(draw);
    const [params, eps] = [gains(draw, axis(x.shape, 1)), epsilon(draw)];
    const { y, mean, variance } = batchNormTrain(x, params, eps);
    if (!spread(variance)) return null;
    return { inputs: { x, params }, attrs: { eps }, expected: { y, stats: { constant: { mean, variance } } } };
  });

export function frozenBatchNormCall(draw: Draw): HostCall<Layer<BatchNormParams>, FrozenBatchNormAttrs, Normed<null>> {
  const x = normImages(draw);
  const C = axis(x.shape, 1);
  const [params, running, eps] = [gains(draw, C), buffers(draw, C), epsilon(draw)];
  const y = batchNormEval(x, params, { mean: running.running_mean, variance: running.running_var }, eps);
  return { inputs: { x, params }, attrs: { eps, running }, expected: { y, stats: { constant: null } } };
}

export const squeezeExciteCall = (draw: Draw): HostCall<Layer<SqueezeExciteParams>> =>
  drawUntil(() => {
    const [x, S] = [draw.array(sizes(draw, 4), { mean: draw.real(-1, 1) }), draw.integer(2, 4)];
    const params = squeezeParams(draw, axis(x.shape, 1), S);
    const { y, squeezed } = excited(x, params);
    if (squeezed.data.some((v) => Math.abs(v) < marginOf(draw))) return null;
    return { inputs: { x, params }, attrs: undefined, expected: y };
  });

export function classifierCall(draw: Draw): HostCall<Layer<ClassifierParams>> {
  const [B = 1, C = 1, H = 1, W = 1, K = 1] = sizes(draw, 5);
  const [x, params] = [draw.array([B, C, H, W]), { fc: linearParams(draw, K, C) }];
  return { inputs: { x, params }, attrs: undefined, expected: linear(pooled(x), params.fc) };
}
