/** Random parameters and running statistics of the teacher, without special values: gains are not 1, shifts and means not 0. */
import type { Draw } from "../../check/draw.ts";
import { hostArray, type Host, type HostArray } from "../../check/host.ts";
import type { LinearParams } from "../../ops/linear.ts";
import type { BatchNormBuffers, BatchNormParams } from "../../teacher/batchNorm.ts";
import { squeezedWidth, type RegnetConfig } from "../../teacher/config.ts";
import type { ConvNormParams, UnitNorm } from "../../teacher/convNorm.ts";
import type { Blocks, RegnetNorms } from "../../teacher/norms.ts";
import type { RegnetParams } from "../../teacher/regnet.ts";
import type { BlockNorms, RegnetBlockParams } from "../../teacher/regnetBlock.ts";
import type { SqueezeExciteParams } from "../../teacher/squeezeExcite.ts";
import { size } from "../../tensor/tensor.ts";
import { mapped } from "../loops/rows.ts";
import { linearParams } from "./networkParams.ts";

/** Moves numbers away from 0, because a weak channel would be nearly constant. */
const strong = (draw: Draw, a: HostArray): HostArray => mapped(a, (v) => draw.round(v < 0 ? v - 0.5 : v + 0.5));

/** Weights [O, ...inner], scaled so that inputs of order 1 give outputs of order 1. */
export function kernel(draw: Draw, O: number, ...inner: readonly number[]): HostArray {
  const scale = size(inner) ** -0.5;
  return mapped(strong(draw, draw.array([O, ...inner])), (v) => draw.round(scale * v));
}

/** γ, of either sign, and β, [C]. */
export const gains = (draw: Draw, C: number): Host<BatchNormParams> => ({
  weight: strong(draw, draw.array([C], { deviation: 0.5 })),
  bias: draw.array([C], { mean: 0.2, deviation: 0.5 }),
});

/** Mean and variance of C channels. */
export const buffers = (draw: Draw, C: number): Host<BatchNormBuffers> => ({
  running_mean: draw.array([C], { deviation: 0.5 }),
  running_var: { shape: [C], data: Float64Array.from({ length: C }, () => draw.round(draw.real(0.3, 2))) },
  num_batches_tracked: hostArray([], [draw.integer(0, 9)]),
});

/** Squeeze-excite from C channels to S. */
export function squeezeParams(draw: Draw, C: number, S: number): Host<SqueezeExciteParams> {
  const layer = (O: number, I: number): Host<LinearParams> => ({
    weight: kernel(draw, O, I, 1, 1),
    bias: draw.array([O], { mean: 0.5, deviation: 0.5 }),
  });
  return { fc1: layer(S, C), fc2: layer(C, S) };
}

/** Random parameters, and random running statistics. */
export interface Drawn<Params, Buffers> {
  readonly params: Host<Params>;
  readonly running: Host<Buffers>;
}

/** A k×k convolution with I input channels per group and O output channels, and its norm. */
export const drawUnit = (draw: Draw, O: number, I: number, k: number): Drawn<ConvNormParams, UnitNorm<BatchNormBuffers>> => ({
  params: { conv: { weight: kernel(draw, O, I, k, k) }, bn: gains(draw, O) },
  running: { bn: buffers(draw, O) },
});

export interface BlockSizes {
  readonly C: number;
  readonly w: number;
  readonly groupWidth: number;
  /** Squeezed width. */
  readonly S: number;
  /** Whether the block is the first of its stage, whose shortcut has weights. */
  readonly first: boolean;
}

export function drawBlock(draw: Draw, { C, w, groupWidth, S, first }: BlockSizes): Drawn<RegnetBlockParams, BlockNorms<BatchNormBuffers>> {
  const [conv1, conv2, conv3] = [drawUnit(draw, w, C, 1), drawUnit(draw, w, groupWidth, 3), drawUnit(draw, w, w, 1)];
  const downsample = first ? drawUnit(draw, w, C, 1) : null;
  const se = squeezeParams(draw, w, S);
  return {
    params: { conv1: conv1.params, conv2: conv2.params, se, conv3: conv3.params, downsample: downsample?.params ?? null },
    running: { conv1: conv1.running, conv2: conv2.running, conv3: conv3.running, downsample: downsample?.running ?? null },
  };
}

/** Blocks of width w, of which the first has C input channels. */
export function drawStage(
  draw: Draw,
  config: RegnetConfig,
  C: number,
  w: number,
  depth: number,
): Drawn<Blocks<RegnetBlockParams>, Blocks<BlockNorms<BatchNormBuffers>>> {
  const blocks = Array.from({ length: depth }, (_, j) => {
    const input = j === 0 ? C : w;
    const sizes = { C: input, w, groupWidth: config.groupWidth, S: squeezedWidth(config, input), first: j === 0 };
    return [`b${j + 1}`, drawBlock(draw, sizes)] as const;
  });
  return {
    params: Object.fromEntries(blocks.map(([name, { params }]) => [name, params])),
    running: Object.fromEntries(blocks.map(([name, { running }]) => [name, running])),
  };
}

export function drawRegnet(draw: Draw, config: RegnetConfig): Drawn<RegnetParams, RegnetNorms<BatchNormBuffers>> {
  const { channels, widths, depths, classes } = config;
  const stem = drawUnit(draw, config.stem, channels, 3);
  const stages = widths.map((w, i) => [`s${i + 1}`, drawStage(draw, config, widths[i - 1] ?? config.stem, w, depths[i] ?? 0)] as const);
  const head = { fc: linearParams(draw, classes, widths.at(-1) ?? 0) };
  return {
    params: { stem: stem.params, head, ...Object.fromEntries(stages.map(([name, { params }]) => [name, params])) },
    running: { stem: stem.running, ...Object.fromEntries(stages.map(([name, { running }]) => [name, running])) },
  };
}
