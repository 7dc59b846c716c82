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
import { encoderOf, type BlockOp, type EncoderAttrs, type EncoderOp } from "./encoder.ts";
import { meanOfLogits } from "./fusion.ts";
import { classifierHeads, type HeadsParams, type HeadsSaved, type Logits } from "./heads.ts";
import { patchEmbed, type PatchEmbedParams, type PatchEmbedSaved } from "./patchEmbed.ts";

/** The parameters below the heads. */
export interface BackboneParams extends EmbedParams {
  /** The patch embedding. */
  readonly patch_embed: PatchEmbedParams;
  /** L blocks, from the first to the last. */
  readonly blocks: readonly BlockParams[];
  /** The last layer norm. */
  readonly norm: LayerNormParams;
}

/** All parameters of a DeiT as a tree under timm's names: `params.blocks[0].attn.qkv.weight`. */
export interface DeitParams extends BackboneParams, HeadsParams {}

/** Images, and the parameters that make tokens of them. */
export interface BackboneInputs {
  /** [B, C, S, S], already normalised. */
  readonly images: Tensor;
  /** The parameters below the heads. */
  readonly params: BackboneParams;
}

/** What `deitLogits` differentiates: images and all parameters. */
export interface DeitInputs extends BackboneInputs {
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

/** What the VJPs below the heads read, part by part. */
export interface BackboneSaved<S> {
  /** Saved by the patch embedding. */
  readonly patch_embed: PatchEmbedSaved;
  /** Saved by tokens and positions. */
  readonly embed: EmbedSaved;
  /** Saved by each block. */
  readonly blocks: readonly S[];
  /** Saved by the last layer norm. */
  readonly norm: LayerNormSaved;
}

/** What the VJP of `deitLogits` reads, part by part: the activations that a training step keeps in memory. */
export interface DeitSaved<S = BlockSaved> extends BackboneSaved<S> {
  /** Saved by the classifier heads. */
  readonly classifierHeads: HeadsSaved;
}

const part = parts({ patch_embed: patchEmbed, embed, norm: layerNorm });

/** The network below its heads: images → Z, [B, T, D]. */
function backboneForward<S>(
  k: Kernels,
  encoder: EncoderOp<S>,
  { images, params }: BackboneInputs,
  attrs: DeitAttrs,
): Result<Tensor, BackboneSaved<S>> {
  const { patchSize, fixedPosition, ...encoderAttrs } = attrs;
  const embedAttrs = { fixedPosition, dropout: dropoutAt(attrs.dropout, "embed") };
  const e = part.patch_embed.forward(k, { images, params: params.patch_embed }, { patchSize }); //  (E1)
  const x0 = part.embed.forward(k, { patches: e.out, params }, embedAttrs); //                      (E2) (E3)
  const x = encoder.forward(k, { x: x0.out, params: params.blocks }, encoderAttrs); //              (E11) (E12)
  const z = part.norm.forward(k, { x: x.out, params: params.norm }, { eps: attrs.eps }); //         (E13)
  return { out: z.out, saved: { patch_embed: e.saved, embed: x0.saved, blocks: x.saved, norm: z.saved } };
}

/** The network with a given block: `deitLogitsOf(rematerialise(block))` saves memory for more computation. */
export function deitLogitsOf<S>(blockOp: BlockOp<S>): Op<DeitInputs, DeitSaved<S>, DeitAttrs, Logits> {
  const encoder = encoderOf(blockOp);

  function forward(k: Kernels, inputs: DeitInputs, attrs: DeitAttrs): Result<Logits, DeitSaved<S>> {
    const z = backboneForward(k, encoder, inputs, attrs); //                                        (E1) – (E13)
    const logits = classifierHeads.forward(k, { z: z.out, params: inputs.params }); //              (E14) (E15)
    return { out: logits.out, saved: { ...z.saved, classifierHeads: logits.saved } };
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

const plainEncoder = encoderOf(block);

/**
 * Z of (E13), [B, T, D], which the heads read. Nothing is saved, so that no gradient goes below the heads; drop path and dropout act as `attrs` say.
 */
export function deitFeatures(k: Kernels, inputs: BackboneInputs, attrs: DeitAttrs): Tensor {
  const unsaved = inference(k);
  const forward = (): Tensor => backboneForward(unsaved, plainEncoder, inputs, attrs).out;
  return k.region("deitFeatures", () => unsaved.capturable(deitFeatures, { inputs, attrs }, forward));
}

/** Evaluation: the mean of both heads' logits (E27), [B, K]. Nothing is saved, and an engine may assume constant weights. */
export function deitPredict(k: Kernels, inputs: DeitInputs, attrs: DeitAttrs): Tensor {
  const evaluating = constantWeights(inference(k));
  return k.region("deitPredict", () => {
    const logits = deitLogits.forward(evaluating, inputs, attrs).out;
    return meanOfLogits.forward(evaluating.at("logits"), logits).out;
  });
}
