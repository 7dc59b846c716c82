/** The ops of src/ops, on the shapes of DeiT-Ti. */
import { attention, mix, scores } from "../../ops/attention.ts";
import { dropPathMultipliers, dropPathRates } from "../../ops/dropPath.ts";
import { dropout } from "../../ops/dropout.ts";
import { gelu } from "../../ops/gelu.ts";
import { keepMask } from "../../ops/keepMask.ts";
import { layerNorm } from "../../ops/layerNorm.ts";
import { linear } from "../../ops/linear.ts";
import { logSoftmax } from "../../ops/logSoftmax.ts";
import { patches } from "../../ops/patches.ts";
import { addPosition } from "../../ops/position.ts";
import { positionResize, type Grid } from "../../ops/positionResize.ts";
import { residual } from "../../ops/residual.ts";
import { softmax } from "../../ops/softmax.ts";
import { mergeHeads, splitHeads } from "../../ops/splitHeads.ts";
import { prefixTokens, token } from "../../ops/tokens.ts";
import { keyOf } from "../../tensor/key.ts";
import { axis } from "../../tensor/tensor.ts";
import { opOf, runOf, type Operation } from "./operation.ts";

export const EPS = 1e-6;
/** d, where heads have the width of every published model. */
const HEAD_WIDTH = 64;

/** h for a width D: D/64, or one head where 64 does not divide D. */
export const headsOf = (D: number): number => (D % HEAD_WIDTH === 0 ? D / HEAD_WIDTH : 1);

const rate = { rate: 0.1, key: keyOf(0) };

export const opOperations: readonly Operation[] = [
  opOf(
    linear,
    {
      axes: "... I",
      shape: [1, 197, 192],
      sizes: { O: () => 768 },
      oracle: "laws/loops/linear.ts linear",
      cotangent: "activation",
    },
    ({ activation, plain }, shape, { O = 0 }) => ({
      inputs: { x: activation(...shape), params: { weight: plain(O, axis(shape, -1)), bias: plain(O) } },
      attrs: undefined,
    }),
  ),
  opOf(
    layerNorm,
    { axes: "... D", shape: [1, 197, 192], sizes: {}, oracle: "laws/loops/norm.ts layerNorm", cotangent: "activation" },
    ({ plain }, shape) => ({
      inputs: { x: plain(...shape), params: { weight: plain(axis(shape, -1)), bias: plain(axis(shape, -1)) } },
      attrs: { eps: EPS },
    }),
  ),
  opOf(softmax, { axes: "... K", shape: [1, 3, 197, 197], sizes: {}, oracle: "laws/loops/softmax.ts softmax" }, ({ plain }, shape) => ({
    inputs: { z: plain(...shape) },
    attrs: undefined,
  })),
  opOf(logSoftmax, { axes: "... K", shape: [1, 1000], sizes: {}, oracle: "laws/loops/softmax.ts logSoftmax" }, ({ plain }, shape) => ({
    inputs: { z: plain(...shape) },
    attrs: undefined,
  })),
  opOf(
    gelu,
    { axes: "...", shape: [1, 197, 768], sizes: {}, oracle: "laws/loops/feedForward.ts gelu", cotangent: "activation" },
    ({ activation }, shape) => ({ inputs: { x: activation(...shape) }, attrs: undefined }),
  ),
  opOf(
    scores,
    { axes: "... Tq d", shape: [1, 3, 197, 64], sizes: { Tk: (shape) => axis(shape, -2) }, oracle: "laws/loops/attention.ts scores" },
    ({ activation }, shape, { Tk = 0 }) => ({
      inputs: { q: activation(...shape), keys: activation(...shape.slice(0, -2), Tk, axis(shape, -1)) },
      attrs: undefined,
    }),
  ),
  opOf(
    mix,
    { axes: "... Tq Tk", shape: [1, 3, 197, 197], sizes: { d: () => HEAD_WIDTH }, oracle: "laws/loops/attention.ts mix" },
    ({ plain, activation }, shape, { d = 0 }) => ({
      inputs: { probs: plain(...shape), values: activation(...shape.slice(0, -2), axis(shape, -1), d) },
      attrs: undefined,
    }),
  ),
  opOf(
    attention,
    {
      axes: "... Tq d",
      shape: [1, 3, 197, 64],
      sizes: { Tk: (shape) => axis(shape, -2) },
      oracle: "laws/loops/attention.ts attention",
      cotangent: "activation",
    },
    ({ activation }, shape, { Tk = 0 }) => {
      const ofKeys = [...shape.slice(0, -2), Tk, axis(shape, -1)];
      return { inputs: { q: activation(...shape), keys: activation(...ofKeys), values: activation(...ofKeys) }, attrs: { dropout: null } };
    },
  ),
  opOf(
    dropout,
    { axes: "...", shape: [1, 197, 192], sizes: {}, oracle: "laws/loops/rows.ts masked", cotangent: "activation" },
    ({ activation }, shape) => ({ inputs: { x: activation(...shape) }, attrs: rate }),
  ),
  opOf(
    residual,
    { axes: "B ... D", shape: [1, 197, 192], sizes: {}, oracle: "laws/loops/block.ts residual" },
    ({ plain, activation }, shape) => ({
      inputs: { x: plain(...shape), branch: activation(...shape) },
      attrs: { multiplier: plain(axis(shape, 0)) },
    }),
  ),
  opOf(
    splitHeads,
    {
      axes: "B T 3D",
      shape: [1, 197, 576],
      sizes: { h: (shape) => headsOf(axis(shape, -1) / 3) },
      oracle: "laws/loops/selfAttention.ts splitHeads",
      cotangent: "activation",
    },
    ({ activation }, shape, { h: heads = 0 }) => ({ inputs: { qkv: activation(...shape) }, attrs: { heads } }),
  ),
  opOf(
    mergeHeads,
    {
      axes: "B h T d",
      shape: [1, 3, 197, 64],
      sizes: {},
      oracle: "laws/loops/selfAttention.ts mergeHeads",
      cotangent: "activation",
    },
    ({ activation }, shape) => ({ inputs: { o: activation(...shape) }, attrs: undefined }),
  ),
  opOf(
    patches,
    { axes: "B C S S", shape: [1, 3, 224, 224], sizes: { p: () => 16 }, oracle: "laws/loops/embedding.ts patches" },
    ({ plain }, shape, { p: patchSize = 0 }) => ({ inputs: { images: plain(...shape) }, attrs: { patchSize } }),
  ),
  opOf(
    prefixTokens,
    { axes: "B N D", shape: [1, 196, 192], sizes: { P: () => 1 }, oracle: "laws/loops/embedding.ts prefixTokens" },
    ({ activation, plain }, shape, { P = 0 }) => ({
      inputs: { patches: activation(...shape), tokens: Array.from({ length: P }, () => plain(1, 1, axis(shape, -1))) },
      attrs: undefined,
    }),
  ),
  opOf(
    token,
    { axes: "B T D", shape: [1, 197, 192], sizes: {}, oracle: "laws/loops/network.ts token", cotangent: "activation" },
    ({ activation }, shape) => ({ inputs: { z: activation(...shape) }, attrs: { index: 0 } }),
  ),
  opOf(
    addPosition,
    { axes: "B T D", shape: [1, 197, 192], sizes: {}, oracle: "laws/loops/embedding.ts addPosition" },
    ({ plain }, shape) => ({ inputs: { x: plain(...shape), pos: plain(1, ...shape.slice(1)) }, attrs: undefined }),
  ),
  opOf(
    positionResize,
    { axes: "1 T D", shape: [1, 197, 192], sizes: { m: () => 24 }, oracle: "laws/loops/positions.ts positionResize" },
    ({ plain }, shape, { m = 0 }) => {
      const T = axis(shape, 1);
      const n = Math.floor(Math.sqrt(T - 1));
      const [from, to]: readonly [Grid, Grid] = [
        [n, n],
        [m, m],
      ];
      return { inputs: { pos: plain(...shape) }, attrs: { from, to, prefix: T - n * n } };
    },
  ),
  runOf("keepMask", { axes: "...", shape: [1, 197, 192], sizes: {}, oracle: "laws/loops/recipe.ts multiplier", row: "E31" }, (_, shape) => {
    return (k) => keepMask.run(k, null, { ...rate, shape });
  }),
  runOf(
    "dropPathMultipliers",
    { axes: "B", shape: [1], sizes: { L: () => 12 }, oracle: "laws/loops/recipe.ts multiplier", row: "E31" },
    (_, shape, { L = 0 }) =>
      (k) =>
        dropPathMultipliers(k, rate.key, dropPathRates(rate.rate, L), axis(shape, 0)),
  ),
];
