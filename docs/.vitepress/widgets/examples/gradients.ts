/** Examples of the chapter on gradients: one call of each op that it derives. */
import {
  attention,
  batchNorm,
  classifierHeads,
  crossEntropy,
  divergence,
  embed,
  groupedConv,
  hardDistillation,
  keyOf,
  layerNorm,
} from "deit";
import { linear, logSoftmax, patchEmbed, positionResize, residual, reverseDivergence, selfAttention, softmax, squeezeExcite } from "deit";
import type { DivergenceAttrs, Kernels, PositionResizeAttrs } from "deit";
import { drawOf, hostArray, type HostArray } from "deit/check";
import { exampleOf, type Example } from "../example.ts";

const draw = drawOf(keyOf(9));

/** Random numbers with few digits. */
const few = (...shape: readonly number[]): HostArray => {
  const { data } = draw.array(shape);
  return hostArray(shape, data.map((x) => Math.round(10 * x) / 10)); // prettier-ignore
};

const ones = (n: number): HostArray => hostArray([n], new Float64Array(n).fill(1));

const losses = {
  "gradients/crossEntropy": exampleOf(crossEntropy, {
    inputs: { logits: hostArray([2, 3], [2, 1, 0, 0, 0, 1]) },
    attrs: (k) => ({ target: k.upload([2, 3], [0.9, 0.05, 0.05, 0.05, 0.05, 0.9]) }),
  }),
  "gradients/divergence": exampleOf(divergence, {
    inputs: { student: hostArray([1, 3], [1, 0, -1]) },
    attrs: (k: Kernels): DivergenceAttrs => ({ teacher: k.upload([1, 3], [3, 0, 0]), tau: 3, divideBy: "batch" }),
  }),
  "gradients/reverseDivergence": exampleOf(reverseDivergence, {
    inputs: { student: hostArray([1, 3], [1, 0, -1]) },
    attrs: (k: Kernels): DivergenceAttrs => ({ teacher: k.upload([1, 3], [3, 0, 0]), tau: 3, divideBy: "batch" }),
  }),
  "gradients/hardDistillation": exampleOf(hardDistillation, {
    inputs: { head: hostArray([1, 3], [1, 0, 0]), head_dist: hostArray([1, 3], [0, 1, 0]) },
    attrs: (k) => ({ target: k.upload([1, 3], [1, 0, 0]), teacher: k.upload([1, 3], [0, 0, 2]), alpha: 0.5 }),
  }),
} satisfies Readonly<Record<string, Example>>;

const network = {
  "gradients/linear": exampleOf(linear, { inputs: { x: few(2, 3), params: { weight: few(2, 3), bias: few(2) } }, attrs: () => undefined }),
  "gradients/softmax": exampleOf(softmax, { inputs: { z: hostArray([3], [1, 0, -1]) }, attrs: () => undefined }),
  "gradients/logSoftmax": exampleOf(logSoftmax, { inputs: { z: hostArray([3], [1, 0, -1]) }, attrs: () => undefined }),
  "gradients/layerNorm": exampleOf(layerNorm, {
    inputs: { x: hostArray([1, 3], [1, 0, 5]), params: { weight: ones(3), bias: hostArray([3], [0, 0, 0]) } },
    attrs: () => ({ eps: 1e-6 }),
  }),
  "gradients/attention": exampleOf(attention, {
    inputs: { q: few(2, 2), keys: few(3, 2), values: few(3, 2) },
    attrs: () => ({ dropout: null }),
  }),
  "gradients/selfAttention": exampleOf(selfAttention, {
    inputs: { x: few(1, 2, 2), params: { qkv: { weight: few(6, 2), bias: few(6) }, proj: { weight: few(2, 2), bias: few(2) } } },
    attrs: () => ({ heads: 1, dropout: null }),
  }),
  "gradients/residual": exampleOf(residual, {
    inputs: { x: few(2, 2), branch: few(2, 2) },
    attrs: (k) => ({ multiplier: k.upload([2], [0, 1.25]) }),
  }),
  "gradients/embed": exampleOf(embed, {
    inputs: { patches: few(2, 1, 2), params: { cls_token: few(1, 1, 2), pos_embed: few(1, 3, 2), dist_token: few(1, 1, 2) } },
    attrs: () => ({ fixedPosition: null, dropout: null }),
  }),
  "gradients/heads": exampleOf(classifierHeads, {
    inputs: { z: few(1, 3, 2), params: { head: { weight: few(2, 2), bias: few(2) }, head_dist: { weight: few(2, 2), bias: few(2) } } },
    attrs: () => undefined,
  }),
  "gradients/patchEmbed": exampleOf(patchEmbed, {
    inputs: { images: few(1, 1, 4, 4), params: { proj: { weight: few(1, 1, 2, 2), bias: few(1) } } },
    attrs: () => ({ patchSize: 2 }),
  }),
  "gradients/positionResize": exampleOf(positionResize, {
    inputs: { pos: few(1, 5, 1) },
    attrs: (): PositionResizeAttrs => ({ from: [2, 2], to: [3, 3], prefix: 1 }),
  }),
} satisfies Readonly<Record<string, Example>>;

const teacher = {
  "gradients/batchNorm": exampleOf(batchNorm, {
    inputs: { x: few(3, 1, 1, 2), params: { weight: ones(1), bias: hostArray([1], [0]) } },
    attrs: () => ({ eps: 1e-5 }),
  }),
  "gradients/squeezeExcite": exampleOf(squeezeExcite, {
    inputs: {
      x: hostArray([1, 2, 1, 2], [0.3, -1.4, 1.6, -1]),
      params: {
        fc1: { weight: hostArray([1, 2, 1, 1], [0.8, 0.5]), bias: ones(1) },
        fc2: { weight: hostArray([2, 1, 1, 1], [-0.7, 1.4]), bias: hostArray([2], [-1, 0]) },
      },
    },
    attrs: () => undefined,
  }),
  "gradients/groupedConv": exampleOf(groupedConv, {
    inputs: { x: few(1, 1, 3, 3), params: { weight: hostArray([1, 1, 2, 2], [1, 2, 3, 4]) } },
    attrs: () => ({ groups: 1, stride: 1, padding: 0 }),
  }),
} satisfies Readonly<Record<string, Example>>;

export const gradients: Readonly<Record<string, Example>> = { ...losses, ...network, ...teacher };
