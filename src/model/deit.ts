/**
 * DeiT: images → logits.
 *
 *   (E1)          patches and their embedding
 *   (E2), (E3)    prefix tokens and positions
 *   (E11), (E12)  L blocks
 *   (E13)         Z = LN_f(X_L), over all tokens
 *   (E14), (E15)  one head per prefix token
 *
 * The parameters have timm's names and nesting: the path of a leaf in the tree is its name in a checkpoint.
 */
import type { Kernels } from "../kernels/kernels.ts";
import { dropoutAt } from "../ops/dropout.ts";
import { layerNorm, type LayerNormParams, type LayerNormSaved } from "../ops/layerNorm.ts";
import { constantWeights, inference } from "../ops/observe.ts";
import { defineOp, type Grads, type Op, type Result } from "../ops/op.ts";
import { parts } from "../ops/parts.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { block, type BlockParams, type BlockSaved } from "./block.ts";
import { embed, type EmbedParams, type EmbedSaved } from "./embed.ts";
import { encoderOf, type BlockOp, type EncoderAttrs } from "./encoder.ts";
import { meanOfLogits } from "./fusion.ts";
import { classifierHeads, type HeadsParams, type HeadsSaved, type Logits } from "./heads.ts";
import { patchEmbed, type PatchEmbedParams, type PatchEmbedSaved } from "./patchEmbed.ts";

/** All parameters of a DeiT as a tree under timm's names: `params.blocks[0].attn.qkv.weight`. */
export interface DeitParams extends EmbedParams, HeadsParams {
  /** The patch embedding. */
  readonly patch_embed: PatchEmbedParams;
  /** L blocks, from the first to the last. */
  readonly blocks: readonly BlockParams[];
  /** The last layer norm. */
  readonly norm: LayerNormParams;
}

/** What `deitLogits` differentiates: images and all parameters. */
export interface DeitInputs {
  /** [B, C, S, S], already normalised. */
  readonly images: Tensor;
  /** All parameters, from `initialParams` or from a file. */
  readonly params: DeitParams;
}

/** Settings of a DeiT that are not trained; `deitAttrs` derives them from a configuration. */
export interface DeitAttrs extends EncoderAttrs {
  /** p, in pixels. */
  readonly patchSize: number;
  /** Positions that are not trained (E34), [1, T, D]; null: `params.pos_embed`. */
  readonly fixedPosition: Tensor | null;
}

/** What the VJP of `deitLogits` reads, part by part: the activations that a training step keeps in memory. */
export interface DeitSaved<S = BlockSaved> {
  /** Saved by the patch embedding. */
  readonly patch_embed: PatchEmbedSaved;
  /** Saved by tokens and positions. */
  readonly embed: EmbedSaved;
  /** Saved by each block. */
  readonly blocks: readonly S[];
  /** Saved by the last layer norm. */
  readonly norm: LayerNormSaved;
  /** Saved by the classifier heads. */
  readonly classifierHeads: HeadsSaved;
}

const part = parts({ patch_embed: patchEmbed, embed, norm: layerNorm });

/** The network with a given block: `deitLogitsOf(rematerialise(block))` saves memory for more computation. */
export function deitLogitsOf<S>(blockOp: BlockOp<S>): Op<DeitInputs, DeitSaved<S>, DeitAttrs, Logits> {
  const encoder = encoderOf(blockOp);

  function forward(k: Kernels, { images, params }: DeitInputs, attrs: DeitAttrs): Result<Logits, DeitSaved<S>> {
    const { patchSize, fixedPosition, ...encoderAttrs } = attrs;
    const embedAttrs = { fixedPosition, dropout: dropoutAt(attrs.dropout, "embed") };
    const e = part.patch_embed.forward(k, { images, params: params.patch_embed }, { patchSize }); //  (E1)
    const x0 = part.embed.forward(k, { patches: e.out, params }, embedAttrs); //                      (E2) (E3)
    const x = encoder.forward(k, { x: x0.out, params: params.blocks }, encoderAttrs); //         (E11) (E12)
    const z = part.norm.forward(k, { x: x.out, params: params.norm }, { eps: attrs.eps }); //         (E13)
    const logits = classifierHeads.forward(k, { z: z.out, params }); //                                    (E14) (E15)
    return {
      out: logits.out,
      saved: { patch_embed: e.saved, embed: x0.saved, blocks: x.saved, norm: z.saved, classifierHeads: logits.saved },
    };
  }

  function vjp(k: Kernels, saved: DeitSaved<S>, dLogits: Grads<Logits>): Grads<DeitInputs> {
    const dHeads = classifierHeads.vjp(k, saved.classifierHeads, dLogits);
    const dNorm = part.norm.vjp(k, saved.norm, dHeads.z);
    const dEncoder = encoder.vjp(k, saved.blocks, dNorm.x);
    const dEmbed = part.embed.vjp(k, saved.embed, dEncoder.x);
    const dPatch = part.patch_embed.vjp(k, saved.patch_embed, dEmbed.patches);
    const params = { ...dEmbed.params, patch_embed: dPatch.params, blocks: dEncoder.params, norm: dNorm.params, ...dHeads.params };
    return { images: dPatch.images, params };
  }

  return defineOp({
    name: "deitLogits",
    inline: true,
    capturable: true,
    shapes: { inputs: { images: "B C S S" }, out: { head: "B K", head_dist: "B K" } },
    forward,
    vjp,
  });
}

/** Training: the logits of each head, and what the VJP needs. */
export const deitLogits: Op<DeitInputs, DeitSaved, DeitAttrs, Logits> = deitLogitsOf(block);

/** Evaluation: the mean of both heads' logits (E27), [B, K]. Nothing is saved, and an engine may assume constant weights. */
export function deitPredict(k: Kernels, inputs: DeitInputs, attrs: DeitAttrs): Tensor {
  const evaluating = constantWeights(inference(k));
  return k.region("deitPredict", () => {
    const logits = deitLogits.forward(evaluating, inputs, attrs).out;
    return meanOfLogits.forward(evaluating.at("logits"), logits).out;
  });
}
