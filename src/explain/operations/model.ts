/** The parts of DeiT, on the shapes of DeiT-Ti. */
import { block, type BlockParams } from "../../model/block.ts";
import { deitConfig, type DeitConfig } from "../../model/config.ts";
import { deitLogits } from "../../model/deit.ts";
import { embed } from "../../model/embed.ts";
import { encoderOf } from "../../model/encoder.ts";
import { meanOfLogits, sumOfSoftmax } from "../../model/fusion.ts";
import { classifierHeads, type Logits } from "../../model/heads.ts";
import { mlp } from "../../model/mlp.ts";
import { buildParams } from "../../model/params.ts";
import { patchEmbed } from "../../model/patchEmbed.ts";
import { selfAttention } from "../../model/selfAttention.ts";
import type { LinearParams } from "../../ops/linear.ts";
import { axis, type Shape } from "../../tensor/tensor.ts";
import { deitAttrs } from "../../train/step/deitTask.ts";
import { opOf, type Maker, type Operation } from "./operation.ts";
import { EPS, headsOf } from "./ops.ts";

/** h of a shape [B, T, D]. */
const h = (shape: Shape): number => headsOf(axis(shape, -1));

const layer = ({ plain }: Maker, O: number, ...inner: Shape): LinearParams => ({ weight: plain(O, ...inner), bias: plain(O) });

const pair = ({ plain }: Maker, D: number): LinearParams => ({ weight: plain(D), bias: plain(D) });

/** M = 4D, as in every published model. */
const hidden = (D: number): number => 4 * D;

const blockParams = (make: Maker, D: number): BlockParams => ({
  norm1: pair(make, D),
  attn: { qkv: layer(make, 3 * D, D), proj: layer(make, D, D) },
  norm2: pair(make, D),
  mlp: { fc1: layer(make, hidden(D), D), fc2: layer(make, D, hidden(D)) },
});

/** DeiT-Ti on images of this shape, with P prefix tokens. */
const tinyFor = (shape: Shape, P: number): DeitConfig =>
  deitConfig(P === 2 ? "deit-tiny-distilled" : "deit-tiny", { channels: axis(shape, 1), imageSize: axis(shape, 2) });

const twoLogits = ({ activation }: Maker, shape: Shape): { readonly inputs: Logits; readonly attrs: undefined } => ({
  inputs: { head: activation(...shape), head_dist: activation(...shape) },
  attrs: undefined,
});

export const modelOperations: readonly Operation[] = [
  opOf(
    patchEmbed,
    {
      axes: "B C S S",
      shape: [1, 3, 224, 224],
      sizes: { D: () => 192, p: () => 16 },
      oracle: "laws/loops/embedding.ts patchEmbed",
      cotangent: "activation",
    },
    (make, shape, { D = 0, p: patchSize = 0 }) => ({
      inputs: { images: make.plain(...shape), params: { proj: layer(make, D, axis(shape, 1), patchSize, patchSize) } },
      attrs: { patchSize },
    }),
  ),
  opOf(
    embed,
    { axes: "B N D", shape: [1, 196, 192], sizes: { P: () => 1 }, oracle: "laws/loops/embedding.ts embed" },
    ({ activation, plain }, shape, { P = 0 }) => {
      const [, N = 0, D = 0] = shape;
      const params = { cls_token: plain(1, 1, D), dist_token: P === 2 ? plain(1, 1, D) : null, pos_embed: plain(1, N + P, D) };
      return { inputs: { patches: activation(...shape), params }, attrs: { fixedPosition: null, dropout: null } };
    },
  ),
  opOf(
    mlp,
    {
      axes: "B T D",
      shape: [1, 197, 192],
      sizes: { M: (shape) => hidden(axis(shape, -1)) },
      oracle: "laws/loops/feedForward.ts mlp",
      cotangent: "activation",
    },
    (make, shape, { M = 0 }) => {
      const D = axis(shape, -1);
      return {
        inputs: { x: make.activation(...shape), params: { fc1: layer(make, M, D), fc2: layer(make, D, M) } },
        attrs: { dropout: null },
      };
    },
  ),
  opOf(
    selfAttention,
    { axes: "B T D", shape: [1, 197, 192], sizes: { h }, oracle: "laws/loops/selfAttention.ts selfAttention", cotangent: "activation" },
    (make, shape, { h: count = 0 }) => ({
      inputs: { x: make.activation(...shape), params: blockParams(make, axis(shape, -1)).attn },
      attrs: { heads: count, dropout: null },
    }),
  ),
  opOf(
    block,
    { axes: "B T D", shape: [1, 197, 192], sizes: { h }, oracle: "laws/loops/block.ts block" },
    (make, shape, { h: count = 0 }) => ({
      inputs: { x: make.plain(...shape), params: blockParams(make, axis(shape, -1)) },
      attrs: { eps: EPS, heads: count, dropPath: null, dropout: null },
    }),
  ),
  opOf(
    encoderOf(block),
    { axes: "B T D", shape: [1, 197, 192], sizes: { h, L: () => 12 }, oracle: "laws/loops/network.ts encoder" },
    (make, shape, { h: count = 0, L = 0 }) => ({
      inputs: { x: make.plain(...shape), params: Array.from({ length: L }, () => blockParams(make, axis(shape, -1))) },
      attrs: { eps: EPS, heads: count, dropPath: null, dropout: null },
    }),
  ),
  opOf(
    classifierHeads,
    { axes: "B T D", shape: [1, 197, 192], sizes: { K: () => 1000, P: () => 1 }, oracle: "laws/loops/network.ts heads" },
    (make, shape, { K = 0, P = 0 }) => {
      const head = (): LinearParams => layer(make, K, axis(shape, -1));
      return { inputs: { z: make.activation(...shape), params: { head: head(), head_dist: P === 2 ? head() : null } }, attrs: undefined };
    },
  ),
  opOf(meanOfLogits, { axes: "B K", shape: [1, 1000], sizes: {}, oracle: null }, twoLogits),
  opOf(sumOfSoftmax, { axes: "B K", shape: [1, 1000], sizes: {}, oracle: "laws/loops/softmax.ts softmax" }, twoLogits),
  opOf(
    deitLogits,
    { axes: "B C S S", shape: [1, 3, 224, 224], sizes: { P: () => 1 }, oracle: "laws/loops/network.ts deit" },
    ({ k, plain }, shape, { P = 0 }) => {
      const config = tinyFor(shape, P);
      return {
        inputs: { images: plain(...shape), params: buildParams(config, (_, leaf) => plain(...leaf)) },
        attrs: deitAttrs(k, config),
      };
    },
  ),
];
