/** Random calls of the model's parts, with the expected output by loops. Dropout is off, because the loops draw no masks. */
import type { Draw } from "../../../check/draw.ts";
import type { Host, HostArray } from "../../../check/host.ts";
import type { BlockAttrs, BlockParams } from "../../../model/block.ts";
import type { DeitAttrs, DeitInputs } from "../../../model/deit.ts";
import type { EmbedAttrs, EmbedInputs } from "../../../model/embed.ts";
import type { EncoderAttrs } from "../../../model/encoder.ts";
import type { HeadsInputs, Logits } from "../../../model/heads.ts";
import type { MlpAttrs, MlpParams } from "../../../model/mlp.ts";
import type { PatchEmbedInputs } from "../../../model/patchEmbed.ts";
import type { SelfAttentionAttrs, SelfAttentionParams } from "../../../model/selfAttention.ts";
import type { Layer } from "../../../ops/op.ts";
import type { PatchesAttrs } from "../../../ops/patches.ts";
import { axis } from "../../../tensor/tensor.ts";
import type { HostCall } from "../hostCall.ts";
import { block } from "../../loops/block.ts";
import { embed, patchEmbed } from "../../loops/embedding.ts";
import { mlp } from "../../loops/feedForward.ts";
import { deit, encoder, heads } from "../../loops/network.ts";
import { paired } from "../../loops/rows.ts";
import { selfAttention } from "../../loops/selfAttention.ts";
import { softmax } from "../../loops/softmax.ts";
import { attentionParams, blockParams, deitParams, linearParams, mlpParams, multipliers, tokenRow } from "../networkParams.ts";
import { epsilonOfBlocks, headSizes, LARGEST_OF_BLOCKS, sizes } from "../sizes.ts";
import { drawImages } from "./ops.ts";

export function patchEmbedCall(draw: Draw): HostCall<PatchEmbedInputs, PatchesAttrs> {
  const { images, p } = drawImages(draw);
  const [D = 1] = sizes(draw, 1);
  const proj = { weight: draw.array([D, axis(images.shape, 1), p, p]), bias: draw.array([D]) };
  const inputs = { images, params: { proj } };
  return { inputs, attrs: { patchSize: p }, expected: patchEmbed(inputs, p) };
}

/** One or two prefix tokens; positions learned or fixed. In some calls both are given; then the learned ones are added. */
export const embedCallOf =
  (distilled: boolean) =>
  (draw: Draw): HostCall<EmbedInputs, EmbedAttrs> => {
    const [B = 1, N = 1, D = 1] = sizes(draw, 3);
    const patches = draw.array([B, N, D]);
    const pos = draw.array([1, N + (distilled ? 2 : 1), D]);
    const learned = draw.oneOf([true, false]);
    const tokens = { cls_token: tokenRow(draw, D), dist_token: distilled ? tokenRow(draw, D) : null };
    const inputs = { patches, params: { ...tokens, pos_embed: learned ? pos : null } };
    const fixedPosition = learned ? draw.oneOf([null, draw.array(pos.shape)]) : pos;
    return { inputs, attrs: { fixedPosition, dropout: null }, expected: embed(inputs, fixedPosition) };
  };

export const embedCall = (draw: Draw): HostCall<EmbedInputs, EmbedAttrs> => embedCallOf(draw.oneOf([true, false]))(draw);

export function selfAttentionCall(draw: Draw): HostCall<Layer<SelfAttentionParams>, SelfAttentionAttrs> {
  const { h, d, D } = headSizes(draw);
  const [B = 1, T = 1] = sizes(draw, 2, [h, d, D]);
  const [x, params] = [draw.array([B, T, D]), attentionParams(draw, D)];
  return { inputs: { x, params }, attrs: { heads: h, dropout: null }, expected: selfAttention(x, params, h) };
}

export function mlpCall(draw: Draw): HostCall<Layer<MlpParams>, MlpAttrs> {
  const [B = 1, T = 1, D = 1, M = 1] = sizes(draw, 4);
  const [x, params] = [draw.array([B, T, D]), mlpParams(draw, D, M)];
  return { inputs: { x, params }, attrs: { dropout: null }, expected: mlp(x, params) };
}

export function blockCall(draw: Draw): HostCall<Layer<BlockParams>, BlockAttrs> {
  const { h, D } = headSizes(draw);
  const [B = 1, T = 1, M = 1] = sizes(draw, 3, [D], LARGEST_OF_BLOCKS);
  const inputs = { x: draw.array([B, T, D]), params: blockParams(draw, D, M) };
  const attrs = { eps: epsilonOfBlocks(draw), heads: h, dropPath: draw.oneOf([null, multipliers(draw, B)]), dropout: null };
  return { inputs, attrs, expected: block(inputs, attrs).out };
}

/** One block or two. */
export function encoderCall(draw: Draw): HostCall<Layer<readonly BlockParams[]>, EncoderAttrs> {
  const { h, D } = headSizes(draw);
  const [B = 1, T = 1, M = 1] = sizes(draw, 3, [D], LARGEST_OF_BLOCKS);
  const params = Array.from({ length: draw.integer(1, 2) }, () => blockParams(draw, D, M));
  const inputs = { x: draw.array([B, T, D]), params };
  const attrs = { eps: epsilonOfBlocks(draw), heads: h, dropPath: dropPaths(draw, B, params.length), dropout: null };
  return { inputs, attrs, expected: encoder(inputs, attrs) };
}

/** Drop-path multipliers of L blocks, or null. */
const dropPaths = (draw: Draw, B: number, L: number): Host<EncoderAttrs>["dropPath"] =>
  draw.oneOf([null, Array.from({ length: L }, () => multipliers(draw, B))]);

export const headsCallOf =
  (distilled: boolean) =>
  (draw: Draw): HostCall<HeadsInputs, void, Logits> => {
    const [B = 1, patches = 1, D = 1, K = 1] = sizes(draw, 4);
    const z = draw.array([B, patches + 2, D]);
    const params = { head: linearParams(draw, K, D), head_dist: distilled ? linearParams(draw, K, D) : null };
    return { inputs: { z, params }, attrs: undefined, expected: heads({ z, params }) };
  };

export const headsCall = (draw: Draw): HostCall<HeadsInputs, void, Logits> => headsCallOf(draw.oneOf([true, false]))(draw);

/** The logits of one head or two, and their fusion by `fuse`. */
const fusionCall =
  (fuse: (head: HostArray, dist: HostArray | null) => HostArray) =>
  (draw: Draw): HostCall<Logits> => {
    const [B = 1, K = 1] = sizes(draw, 2);
    const head = draw.array([B, K]);
    const head_dist = draw.oneOf([null, draw.array([B, K])]);
    return { inputs: { head, head_dist }, attrs: undefined, expected: fuse(head, head_dist) };
  };

/** (E27) as in the authors' code. */
export const meanOf = (head: HostArray, dist: HostArray | null): HostArray =>
  dist === null ? head : paired(head, dist, (zc, zd) => (zc + zd) / 2);

export const meanOfLogitsCall: (draw: Draw) => HostCall<Logits> = fusionCall(meanOf);

/** (E27) as in the paper. */
export const sumOfSoftmaxCall: (draw: Draw) => HostCall<Logits> = fusionCall((head, dist) =>
  dist === null ? softmax(head) : paired(softmax(head), softmax(dist), (sc, sd) => sc + sd),
);

/** A whole network: plain or distilled, positions learned or fixed, with or without drop path, one or two blocks. */
export const deitCallOf =
  (distilled: boolean) =>
  (draw: Draw): HostCall<DeitInputs, DeitAttrs, Logits> => {
    const { images, p } = drawImages(draw);
    const [B, C, S] = [axis(images.shape, 0), axis(images.shape, 1), axis(images.shape, 2)];
    const { h, D } = headSizes(draw);
    const [M = 1] = sizes(draw, 1, [D], LARGEST_OF_BLOCKS);
    const K = draw.integer(2, 5); // a single logit near 0 would have no scale
    const N = (S / p) ** 2;
    const L = N > LARGEST_OF_BLOCKS ? 1 : draw.integer(1, 2);
    const learned = draw.oneOf([true, false]);
    const params = deitParams(draw, { C, p, N, D, M, K, L, distilled, learned });
    const fixedPosition = learned ? null : draw.array([1, N + (distilled ? 2 : 1), D]);
    const attrs = { patchSize: p, fixedPosition, eps: epsilonOfBlocks(draw), heads: h, dropPath: dropPaths(draw, B, L), dropout: null };
    return { inputs: { images, params }, attrs, expected: deit({ images, params }, attrs).logits };
  };

export const deitCall = (draw: Draw): HostCall<DeitInputs, DeitAttrs, Logits> => deitCallOf(draw.oneOf([true, false]))(draw);
