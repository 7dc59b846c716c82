/**
 * RegNetY, the convolutional teacher (deit.md 8.1): images → logits.
 *
 *   stem     3×3 convolution of stride 2, norm, ReLU; no pooling
 *   stages   blocks of one width per stage, the first block of stride 2
 *   head     mean over the pixels, then a linear layer
 *
 * Parameters and buffers have timm's names and nesting: together, by path, they are a checkpoint.
 */
import type { Kernels } from "../kernels/kernels.ts";
import { inference } from "../ops/observe.ts";
import { defineOp, type Constant, type Grads, type Op, type Result } from "../ops/op.ts";
import { parts } from "../ops/parts.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { batchNorm, frozenBatchNorm, type BatchNormAttrs, type BatchNormBuffers, type BatchStats, type NormOp } from "./batchNorm.ts";
import { convNormReluOf, type ConvNormParams, type ConvNormReluSaved } from "./convNorm.ts";
import { classifier, type ClassifierParams, type ClassifierSaved } from "./head.ts";
import { stagesOf, type Blocks, type RegnetNorms, type Stages } from "./norms.ts";
import type { BlockNorms, RegnetBlockParams, RegnetBlockSaved } from "./regnetBlock.ts";
import { HALVING, regnetStageOf } from "./regnetStage.ts";

/** All parameters of a RegNetY as a tree under timm's names: `params.s1.b1.conv1.conv.weight`. */
export interface RegnetParams extends Stages<Blocks<RegnetBlockParams>> {
  /** The first convolution and its norm. */
  readonly stem: ConvNormParams;
  /** The classifier. */
  readonly head: ClassifierParams;
}

/** What a RegNetY differentiates: images and all parameters. */
export interface RegnetInputs {
  /** [B, C, H, W], already normalised. */
  readonly images: Tensor;
  /** All parameters; `initialRegnet` draws them. */
  readonly params: RegnetParams;
}

/** Settings of a RegNetY that are not trained. */
export interface RegnetAttrs extends BatchNormAttrs {
  /** Channels of a group of every 3×3 convolution in a block. */
  readonly groupWidth: number;
  /** Running statistics of all norms; training does not read their values. */
  readonly running: RegnetNorms<BatchNormBuffers>;
}

/** The logits, and the statistics of the batch, from which the running statistics are updated. */
export interface RegnetOut<Stats> {
  /** [B, K] */
  readonly logits: Tensor;
  /** Statistics of each norm, which are not differentiated. */
  readonly stats: Constant<RegnetNorms<Stats>>;
}

/** What the VJP of a RegNetY reads, part by part. */
export interface RegnetSaved {
  /** Saved by the stem. */
  readonly stem: ConvNormReluSaved;
  /** Saved by each block of each stage. */
  readonly stages: readonly (readonly RegnetBlockSaved[])[];
  /** Saved by the classifier. */
  readonly head: ClassifierSaved;
}

/** The network with a norm for training (`batchNorm`) or for evaluation (`frozenBatchNorm`). */
export function regnetOf<Stats>(norm: NormOp<Stats>): Op<RegnetInputs, RegnetSaved, RegnetAttrs, RegnetOut<Stats>> {
  const part = parts({ stem: convNormReluOf(norm), head: classifier });
  const stage = regnetStageOf(norm);

  function forward(k: Kernels, { images, params }: RegnetInputs, attrs: RegnetAttrs): Result<RegnetOut<Stats>, RegnetSaved> {
    const { eps, groupWidth, running } = attrs;
    const first = part.stem.forward(k, { x: images, params: params.stem }, { eps, groups: 1, stride: HALVING, running: running.stem });
    let x = first.out.y;
    const stats: { [name: `s${number}`]: Blocks<BlockNorms<Stats>> } = {};
    const stages: (readonly RegnetBlockSaved[])[] = [];
    for (const [name, stageParams] of stagesOf(params)) {
      const buffers = running[name];
      if (buffers === undefined) throw new RangeError(`regnet: running must have ${name}, because params has it`);
      const y = stage.forward(k.at(name).last(x), { x, params: stageParams }, { eps, groupWidth, running: buffers });
      x = y.out.y;
      stats[name] = y.out.stats.constant;
      stages.push(y.saved);
    }
    const logits = part.head.forward(k, { x, params: params.head });
    return {
      out: { logits: logits.out, stats: { constant: { stem: first.out.stats.constant, ...stats } } },
      saved: { stem: first.saved, stages, head: logits.saved },
    };
  }

  function vjp(k: Kernels, saved: RegnetSaved, { logits: dLogits }: Grads<RegnetOut<Stats>>): Grads<RegnetInputs> {
    const dHead = part.head.vjp(k, saved.head, dLogits);
    let dx = dHead.x;
    const stages: [`s${number}`, Grads<Blocks<RegnetBlockParams>>][] = [];
    for (const [i, stageSaved] of [...saved.stages.entries()].toReversed()) {
      const name = `s${i + 1}` as const;
      const d = stage.vjp(k.at(name).last(dx), stageSaved, { y: dx, stats: null });
      dx = d.x;
      stages.unshift([name, d.params]);
    }
    const dStem = part.stem.vjp(k, saved.stem, { y: dx, stats: null });
    return { images: dStem.x, params: { stem: dStem.params, ...Object.fromEntries(stages), head: dHead.params } };
  }

  return defineOp({
    name: "regnet",
    inline: true,
    capturable: true,
    shapes: { inputs: { images: "B C H W" }, out: { logits: "B K" } },
    forward,
    vjp,
  });
}

/** Training: the logits by the statistics of the batch, and these statistics, for `moveRunning`. */
export const regnetTrain: Op<RegnetInputs, RegnetSaved, RegnetAttrs, RegnetOut<BatchStats>> = regnetOf(batchNorm);

/** Evaluation with a VJP: the logits by the running statistics. */
export const regnetLogits: Op<RegnetInputs, RegnetSaved, RegnetAttrs, RegnetOut<null>> = regnetOf(frozenBatchNorm);

/** Evaluation without a VJP: the logits by the running statistics, [B, K]; nothing is saved. */
export function regnetPredict(k: Kernels, inputs: RegnetInputs, attrs: RegnetAttrs): Tensor {
  return k.region("regnetPredict", () => regnetLogits.forward(inference(k), inputs, attrs).out.logits);
}
