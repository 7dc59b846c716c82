/**
 * RegNetY's residual block, from C to w channels with stride s (Radosavovic et al. 2020; bottleneck ratio 1):
 *
 *   1×1 conv, norm, ReLU → 3×3 grouped conv of stride s, norm, ReLU → squeeze-excite → 1×1 conv, norm → + shortcut → ReLU
 *
 * The shortcut is x, or where the shape changes a 1×1 convolution of stride s and a norm.
 */
import type { Kernels } from "../kernels/kernels.ts";
import { defineOp, type Grads, type Layer, type Op, type Result } from "../ops/op.ts";
import { parts } from "../ops/parts.ts";
import { residual, type ResidualAttrs } from "../ops/residual.ts";
import { axis } from "../tensor/tensor.ts";
import type { BatchNormAttrs, BatchNormBuffers, Normed, NormOp } from "./batchNorm.ts";
import {
  convNormOf,
  convNormReluOf,
  type ConvNormOp,
  type ConvNormParams,
  type ConvNormReluSaved,
  type ConvNormSaved,
  type UnitNorm,
} from "./convNorm.ts";
import { relu, type ReluSaved } from "./relu.ts";
import { squeezeExcite, type SqueezeExciteParams, type SqueezeExciteSaved } from "./squeezeExcite.ts";

/** Parameters of one block of RegNetY, under timm's names. */
export interface RegnetBlockParams {
  /** First unit: 1×1, to the block's width. */
  readonly conv1: ConvNormParams;
  /** Second unit: 3×3, in groups. */
  readonly conv2: ConvNormParams;
  /** Squeeze-excite. */
  readonly se: SqueezeExciteParams;
  /** Third unit: 1×1, before the residual sum. */
  readonly conv3: ConvNormParams;
  /** The shortcut; null: it is the identity. */
  readonly downsample: ConvNormParams | null;
}

/** One T for each norm of a block: its running statistics, the statistics of a batch, or null. */
export interface BlockNorms<T> {
  /** The norm of the first unit. */
  readonly conv1: UnitNorm<T>;
  /** The norm of the second unit. */
  readonly conv2: UnitNorm<T>;
  /** The norm of the third unit. */
  readonly conv3: UnitNorm<T>;
  /** The norm of the shortcut; null: it is the identity. */
  readonly downsample: UnitNorm<T> | null;
}

/** Settings of a block that are not trained. */
export interface RegnetBlockAttrs extends BatchNormAttrs {
  /** Channels of a group of conv2, a divisor of w. */
  readonly groupWidth: number;
  /** s, in pixels. */
  readonly stride: number;
  /** Running statistics of the block's norms; training does not read their values. */
  readonly running: BlockNorms<BatchNormBuffers>;
}

/** What the VJP of a block reads, part by part. */
export interface RegnetBlockSaved {
  /** Saved by the first unit. */
  readonly conv1: ConvNormReluSaved;
  /** Saved by the second unit. */
  readonly conv2: ConvNormReluSaved;
  /** Saved by squeeze-excite. */
  readonly se: SqueezeExciteSaved;
  /** Saved by the third unit. */
  readonly conv3: ConvNormSaved;
  /** Saved by the shortcut; null: it is the identity. */
  readonly downsample: ConvNormSaved | null;
  /** Saved by the residual sum. */
  readonly sum: ResidualAttrs;
  /** Saved by the last ReLU. */
  readonly act: ReluSaved;
}

/** A block of RegNetY, for training or for evaluation. */
export type RegnetBlockOp<Stats> = Op<Layer<RegnetBlockParams>, RegnetBlockSaved, RegnetBlockAttrs, Normed<BlockNorms<Stats>>>;

/** The shortcut by `downsample`; null where it is the identity. */
function shortcut<Stats>(
  k: Kernels,
  downsample: ConvNormOp<Stats>,
  { x, params }: Layer<RegnetBlockParams>,
  { eps, stride, running }: RegnetBlockAttrs,
): Result<Normed<UnitNorm<Stats>>, ConvNormSaved> | null {
  if (params.downsample === null) return null;
  if (running.downsample === null)
    throw new RangeError("regnetBlock: running.downsample must be a record, because params has downsample, got null");
  return downsample.forward(k, { x, params: params.downsample }, { eps, groups: 1, stride, running: running.downsample });
}

/** [B, C, H, W] → [B, w, H/s, W/s], rounded up; `norm` as in convNorm.ts. */
export function regnetBlockOf<Stats>(norm: NormOp<Stats>): RegnetBlockOp<Stats> {
  const part = parts({
    conv1: convNormReluOf(norm),
    conv2: convNormReluOf(norm),
    se: squeezeExcite,
    conv3: convNormOf(norm),
    downsample: convNormOf(norm),
    sum: residual,
    act: relu,
  });

  function forward(
    k: Kernels,
    inputs: Layer<RegnetBlockParams>,
    attrs: RegnetBlockAttrs,
  ): Result<Normed<BlockNorms<Stats>>, RegnetBlockSaved> {
    const { x, params } = inputs;
    const { eps, groupWidth, stride, running } = attrs;
    const groups = axis(params.conv2.conv.weight.shape, 0) / groupWidth;
    const a = part.conv1.forward(k, { x, params: params.conv1 }, { eps, groups: 1, stride: 1, running: running.conv1 });
    const b = part.conv2.forward(k, { x: a.out.y, params: params.conv2 }, { eps, groups, stride, running: running.conv2 });
    const gated = part.se.forward(k, { x: b.out.y, params: params.se }); //                         (G21)
    const c = part.conv3.forward(k, { x: gated.out, params: params.conv3 }, { eps, groups: 1, stride: 1, running: running.conv3 });
    const side = shortcut(k, part.downsample, inputs, attrs);
    const u = part.sum.forward(k, { x: side?.out.y ?? x, branch: c.out.y }, { multiplier: null });
    const y = part.act.forward(k, { x: u.out });

    const stats = {
      conv1: a.out.stats.constant,
      conv2: b.out.stats.constant,
      conv3: c.out.stats.constant,
      downsample: side?.out.stats.constant ?? null,
    };
    const saved = {
      conv1: a.saved,
      conv2: b.saved,
      se: gated.saved,
      conv3: c.saved,
      downsample: side?.saved ?? null,
      sum: u.saved,
      act: y.saved,
    };
    return { out: { y: y.out, stats: { constant: stats } }, saved };
  }

  function vjp(k: Kernels, saved: RegnetBlockSaved, { y: dy }: Grads<Normed<BlockNorms<Stats>>>): Grads<Layer<RegnetBlockParams>> {
    const dAct = part.act.vjp(k, saved.act, dy);
    const dSum = part.sum.vjp(k, saved.sum, dAct.x);
    const dSide = saved.downsample === null ? null : part.downsample.vjp(k, saved.downsample, { y: dSum.x, stats: null });
    const dConv3 = part.conv3.vjp(k, saved.conv3, { y: dSum.branch, stats: null });
    const dSe = part.se.vjp(k, saved.se, dConv3.x); //                                              (G21)
    const dConv2 = part.conv2.vjp(k, saved.conv2, { y: dSe.x, stats: null });
    const dConv1 = part.conv1.vjp(k, saved.conv1, { y: dConv2.x, stats: null });
    const dx = k.add(dSide?.x ?? dSum.x, dConv1.x); //                                         x is used twice
    return {
      x: dx,
      params: {
        conv1: dConv1.params,
        conv2: dConv2.params,
        se: dSe.params,
        conv3: dConv3.params,
        downsample: dSide?.params ?? null,
      },
    };
  }

  return defineOp({ name: "regnetBlock", shapes: { inputs: { x: "B C H W" }, out: { y: "B O R Q" } }, forward, vjp });
}
