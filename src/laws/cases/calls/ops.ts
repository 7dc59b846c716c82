/** Random calls of the ops, with the expected output by loops. */
import type { Draw } from "../../../check/draw.ts";
import type { HostArray } from "../../../check/host.ts";
import type { AttentionAttrs, AttentionInputs, MixInputs, ScoresInputs } from "../../../ops/attention.ts";
import type { DropoutAttrs, DropoutInputs } from "../../../ops/dropout.ts";
import type { GeluInputs } from "../../../ops/gelu.ts";
import type { LayerNormAttrs, LayerNormParams } from "../../../ops/layerNorm.ts";
import type { LinearParams } from "../../../ops/linear.ts";
import type { LogSoftmaxInputs } from "../../../ops/logSoftmax.ts";
import type { Layer } from "../../../ops/op.ts";
import type { PatchesAttrs, PatchesInputs } from "../../../ops/patches.ts";
import type { PositionInputs } from "../../../ops/position.ts";
import type { ResidualAttrs, ResidualInputs } from "../../../ops/residual.ts";
import type { SoftmaxInputs } from "../../../ops/softmax.ts";
import type { MergeInputs, QueriesKeysValues, SplitAttrs, SplitInputs } from "../../../ops/splitHeads.ts";
import type { PrefixInputs, TokenAttrs, TokenInputs } from "../../../ops/tokens.ts";
import { uniformAt } from "../../../tensor/key.ts";
import type { HostCall } from "../hostCall.ts";
import { attention, mix, scores } from "../../loops/attention.ts";
import { residual } from "../../loops/block.ts";
import { addPosition, patches, prefixTokens } from "../../loops/embedding.ts";
import { gelu } from "../../loops/feedForward.ts";
import { linear } from "../../loops/linear.ts";
import { token } from "../../loops/network.ts";
import { layerNorm } from "../../loops/norm.ts";
import { masked } from "../../loops/rows.ts";
import { mergeHeads, splitHeads } from "../../loops/selfAttention.ts";
import { logSoftmax, softmax } from "../../loops/softmax.ts";
import { linearParams, multiplier, normParams, tokenRow } from "../networkParams.ts";
import { epsilon, headSizes, leading, severalRows, sizes } from "../sizes.ts";

export function linearCall(draw: Draw): HostCall<Layer<LinearParams>> {
  const [I = 1, O = 1] = sizes(draw, 2);
  const x = draw.array([...severalRows(draw), I]);
  const params = linearParams(draw, O, I);
  return { inputs: { x, params }, attrs: undefined, expected: linear(x, params) };
}

/** D = 1, where y = β exactly, or D ≥ 4, because narrower rows lose digits to cancellation. */
export function layerNormCall(draw: Draw): HostCall<Layer<LayerNormParams>, LayerNormAttrs> {
  const D = draw.oneOf([1, draw.integer(4, 8), draw.integer(4, 8), draw.integer(4, 8)]);
  const x = draw.array([...leading(draw), D], { mean: draw.real(-2, 2), deviation: draw.oneOf([0.3, 1, 3]) });
  const [params, eps] = [normParams(draw, D), epsilon(draw)];
  return { inputs: { x, params }, attrs: { eps }, expected: layerNorm(x, params, eps) };
}

export function softmaxCall(draw: Draw): HostCall<SoftmaxInputs> {
  const [K = 1] = sizes(draw, 1);
  const z = draw.array([...severalRows(draw), K], { mean: draw.real(-2, 2) });
  return { inputs: { z }, attrs: undefined, expected: softmax(z) };
}

export function logSoftmaxCall(draw: Draw): HostCall<LogSoftmaxInputs> {
  const [K = 1] = sizes(draw, 1);
  const z = draw.array([...severalRows(draw), K], { mean: draw.real(-2, 2) });
  return { inputs: { z }, attrs: undefined, expected: logSoftmax(z) };
}

/** Inputs in both tails, and around 0. */
export function geluCall(draw: Draw): HostCall<GeluInputs> {
  const [columns = 1] = sizes(draw, 1);
  const x = draw.array([...severalRows(draw), columns], { deviation: draw.oneOf([0.5, 2, 4]) });
  return { inputs: { x }, attrs: undefined, expected: gelu(x) };
}

interface AttentionSizes {
  readonly Tq: number;
  readonly Tk: number;
  readonly d: number;
  readonly lead: readonly number[];
}

/** Tk ≠ Tq. */
function attentionSizes(draw: Draw): AttentionSizes {
  const [Tq = 1, Tk = 1, d = 1] = sizes(draw, 3);
  return { Tq, Tk, d, lead: leading(draw) };
}

export function scoresCall(draw: Draw): HostCall<ScoresInputs> {
  const { Tq, Tk, d, lead } = attentionSizes(draw);
  const inputs = { q: draw.array([...lead, Tq, d]), keys: draw.array([...lead, Tk, d]) };
  return { inputs, attrs: undefined, expected: scores(inputs) };
}

export function mixCall(draw: Draw): HostCall<MixInputs> {
  const { Tq, Tk, d, lead } = attentionSizes(draw);
  const inputs = { probs: draw.array([...lead, Tq, Tk]), values: draw.array([...lead, Tk, d]) };
  return { inputs, attrs: undefined, expected: mix(inputs.probs, inputs.values) };
}

export function attentionCall(draw: Draw): HostCall<AttentionInputs, AttentionAttrs> {
  const { Tq, Tk, d, lead } = attentionSizes(draw);
  const inputs = { q: draw.array([...lead, Tq, d]), keys: draw.array([...lead, Tk, d]), values: draw.array([...lead, Tk, d]) };
  return { inputs, attrs: { dropout: null }, expected: attention(inputs).mix };
}

/** The dropout mask of `x`: draw i of the key is uniform on [0, 1), so it falls below `rate` with that probability. */
const keptOf = (x: HostArray, { rate, key }: DropoutAttrs): HostArray => ({
  shape: x.shape,
  data: x.data.map((_, i) => (uniformAt(key, i) < rate ? 0 : 1 / (1 - rate))),
});

export function dropoutCall(draw: Draw): HostCall<DropoutInputs, DropoutAttrs | null> {
  const x = draw.array(severalRows(draw));
  const attrs = draw.oneOf([null, { rate: draw.real(0, 0.9), key: draw.key() }, { rate: draw.real(0, 0.9), key: draw.key() }]);
  return { inputs: { x }, attrs, expected: attrs === null ? x : masked(x, keptOf(x, attrs)) };
}

export function residualCall(draw: Draw): HostCall<ResidualInputs, ResidualAttrs> {
  const [B = 1, D = 1] = sizes(draw, 2);
  const shape = [B, ...leading(draw), D];
  const [x, branch] = [draw.array(shape), draw.array(shape)];
  const m = draw.oneOf([null, multiplier(draw, B), multiplier(draw, B)]);
  return { inputs: { x, branch }, attrs: { multiplier: m }, expected: residual(x, branch, m) };
}

export function splitHeadsCall(draw: Draw): HostCall<SplitInputs, SplitAttrs, QueriesKeysValues> {
  const { h, d, D } = headSizes(draw);
  const [B = 1, T = 1] = sizes(draw, 2, [h, d, D]);
  const qkv = draw.array([B, T, 3 * D]);
  return { inputs: { qkv }, attrs: { heads: h }, expected: splitHeads(qkv, h) };
}

export function mergeHeadsCall(draw: Draw): HostCall<MergeInputs> {
  const { h, d, D } = headSizes(draw);
  const [B = 1, T = 1] = sizes(draw, 2, [h, d, D]);
  const o = draw.array([B, h, T, d]);
  return { inputs: { o }, attrs: undefined, expected: mergeHeads(o) };
}

/** Images of g × g patches of side p. */
export function drawImages(draw: Draw): { readonly images: HostArray; readonly p: number } {
  const [C, g, p] = [draw.integer(1, 4), draw.oneOf([1, 2, 2, 3, 3]), draw.oneOf([1, 2, 2, 3, 3])];
  const B = draw.integer(1, g === 3 ? 2 : 3);
  return { images: draw.array([B, C, g * p, g * p]), p };
}

export function patchesCall(draw: Draw): HostCall<PatchesInputs, PatchesAttrs> {
  const { images, p } = drawImages(draw);
  return { inputs: { images }, attrs: { patchSize: p }, expected: patches(images, p) };
}

/** One, two or three tokens. */
export function prefixTokensCall(draw: Draw): HostCall<PrefixInputs> {
  const [B = 1, N = 1, D = 1] = sizes(draw, 3);
  const E = draw.array([B, N, D]);
  const tokens = Array.from({ length: draw.integer(1, 3) }, () => tokenRow(draw, D));
  return { inputs: { patches: E, tokens }, attrs: undefined, expected: prefixTokens(E, tokens) };
}

export function tokenCall(draw: Draw): HostCall<TokenInputs, TokenAttrs> {
  const [B = 1, T = 1, D = 1] = sizes(draw, 3);
  const z = draw.array([B, T, D]);
  const index = draw.integer(0, T - 1);
  return { inputs: { z }, attrs: { index }, expected: token(z, index) };
}

export function addPositionCall(draw: Draw): HostCall<PositionInputs> {
  const [B = 1, T = 1, D = 1] = sizes(draw, 3);
  const [x, pos] = [draw.array([B, T, D]), draw.array([1, T, D])];
  return { inputs: { x, pos }, attrs: undefined, expected: addPosition(x, pos) };
}
