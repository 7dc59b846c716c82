/**
 * The unit that RegNetY is made of: a convolution that keeps the size of the image (divided by its stride), a batch norm, and usually a ReLU.
 *
 * `norm` is `batchNorm`, which makes a unit for training, or `frozenBatchNorm`, which makes one for evaluation.
 */
import type { Kernels } from "../kernels/kernels.ts";
import { defineOp, type Grads, type Layer, type Op, type Result } from "../ops/op.ts";
import { parts } from "../ops/parts.ts";
import { axis } from "../tensor/tensor.ts";
import type { BatchNormAttrs, BatchNormBuffers, BatchNormParams, BatchNormSaved, Normed, NormOp } from "./batchNorm.ts";
import { groupedConv, type ConvParams, type ConvSaved } from "./conv.ts";
import { relu, type ReluSaved } from "./relu.ts";

/** Parameters of a convolution and its batch norm. */
export interface ConvNormParams {
  /** The weight of the convolution. */
  readonly conv: ConvParams;
  /** Gain and shift of the batch norm. */
  readonly bn: BatchNormParams;
}

/** One T for the norm of a unit: its running statistics, the statistics of a batch, or null. */
export interface UnitNorm<T> {
  /** What belongs to the batch norm. */
  readonly bn: T;
}

/** Settings of a `ConvNormOp` that are not trained. */
export interface ConvNormAttrs extends BatchNormAttrs {
  /** G */
  readonly groups: number;
  /** s, in pixels. */
  readonly stride: number;
  /** Running statistics; training does not read their values. */
  readonly running: UnitNorm<BatchNormBuffers>;
}

/** What the VJP of a `ConvNormOp` reads. */
export interface ConvNormSaved {
  /** Saved by the convolution. */
  readonly conv: ConvSaved;
  /** Saved by the batch norm. */
  readonly bn: BatchNormSaved;
}

/** A convolution and a batch norm, in training or in evaluation. */
export type ConvNormOp<Stats> = Op<Layer<ConvNormParams>, ConvNormSaved, ConvNormAttrs, Normed<UnitNorm<Stats>>>;

/** Convolution and norm: [B, C, H, W] → [B, O, H/s, W/s], rounded up. */
export function convNormOf<Stats>(norm: NormOp<Stats>): ConvNormOp<Stats> {
  const part = parts({ conv: groupedConv, bn: norm });

  function forward(
    k: Kernels,
    { x, params }: Layer<ConvNormParams>,
    { groups, stride, eps, running }: ConvNormAttrs,
  ): Result<Normed<UnitNorm<Stats>>, ConvNormSaved> {
    const padding = (axis(params.conv.weight.shape, -1) - 1) / 2; // 1 for 3×3, 0 for 1×1
    const c = part.conv.forward(k, { x, params: params.conv }, { groups, stride, padding });
    const n = part.bn.forward(k, { x: c.out, params: params.bn }, { eps, running: running.bn });
    return { out: { y: n.out.y, stats: { constant: { bn: n.out.stats.constant } } }, saved: { conv: c.saved, bn: n.saved } };
  }

  function vjp(k: Kernels, saved: ConvNormSaved, { y: dy }: Grads<Normed<UnitNorm<Stats>>>): Grads<Layer<ConvNormParams>> {
    const dBn = part.bn.vjp(k, saved.bn, { y: dy, stats: null });
    const dConv = part.conv.vjp(k, saved.conv, dBn.x);
    return { x: dConv.x, params: { conv: dConv.params, bn: dBn.params } };
  }

  return defineOp({ name: "convNorm", inline: true, shapes: { inputs: { x: "B C H W" }, out: { y: "B O R Q" } }, forward, vjp });
}

/** What the VJP of a `ConvNormReluOp` reads. */
export interface ConvNormReluSaved {
  /** Saved by convolution and batch norm. */
  readonly unit: ConvNormSaved;
  /** Saved by the ReLU. */
  readonly act: ReluSaved;
}

/** A convolution, a batch norm and a ReLU. */
export type ConvNormReluOp<Stats> = Op<Layer<ConvNormParams>, ConvNormReluSaved, ConvNormAttrs, Normed<UnitNorm<Stats>>>;

/** The same, followed by a ReLU. */
export function convNormReluOf<Stats>(norm: NormOp<Stats>): ConvNormReluOp<Stats> {
  const unit = convNormOf(norm);
  const part = parts({ act: relu });

  function forward(k: Kernels, inputs: Layer<ConvNormParams>, attrs: ConvNormAttrs): Result<Normed<UnitNorm<Stats>>, ConvNormReluSaved> {
    const n = unit.forward(k, inputs, attrs);
    const y = part.act.forward(k, { x: n.out.y });
    return { out: { y: y.out, stats: n.out.stats }, saved: { unit: n.saved, act: y.saved } };
  }

  function vjp(k: Kernels, saved: ConvNormReluSaved, { y: dy }: Grads<Normed<UnitNorm<Stats>>>): Grads<Layer<ConvNormParams>> {
    const dAct = part.act.vjp(k, saved.act, dy);
    return unit.vjp(k, saved.unit, { y: dAct.x, stats: null });
  }

  return defineOp({ name: "convNormRelu", shapes: { inputs: { x: "B C H W" }, out: { y: "B O R Q" } }, forward, vjp });
}
