/** The ops of the network as steps of a recording: each takes lists of taps and weights, and can run alone, forward and backward. */
import type { Kernels } from "../../kernels/kernels.ts";
import { embed } from "../../model/embed.ts";
import { meanOfLogits } from "../../model/fusion.ts";
import { patchEmbed } from "../../model/patchEmbed.ts";
import { mix, scores } from "../../ops/attention.ts";
import { gelu } from "../../ops/gelu.ts";
import { layerNorm } from "../../ops/layerNorm.ts";
import { linear, type LinearParams } from "../../ops/linear.ts";
import type { Grads, Layer, Op } from "../../ops/op.ts";
import { residual } from "../../ops/residual.ts";
import { softmax } from "../../ops/softmax.ts";
import { mergeHeads, splitHeads } from "../../ops/splitHeads.ts";
import { token } from "../../ops/tokens.ts";
import type { Tensor } from "../../tensor/tensor.ts";

/** What a step reads, in the order of its `reads` and `weights`; also the cotangents of these. */
export interface StepInputs {
  /** Activations, or images. */
  readonly taps: readonly Tensor[];
  /** Parameters, weight before bias. */
  readonly weights: readonly Tensor[];
}

/** One step of the network: a function to one tensor, with its VJP. */
export interface StepOp {
  /** The output of the step. */
  readonly forward: (k: Kernels, inputs: StepInputs) => Tensor;
  /** The cotangents of all that the step reads, from the cotangent of its output. */
  readonly vjp: (k: Kernels, inputs: StepInputs, dOut: Tensor) => StepInputs;
}

/** @throws RangeError if there are too few tensors for what a step reads */
export function nth(tensors: readonly Tensor[], i: number): Tensor {
  const t = tensors[i];
  if (t === undefined) throw new RangeError(`a step needs at least ${i + 1} tensors, got ${tensors.length}`);
  return t;
}

/** Makes a step of an op: `together` builds the op's inputs from the lists, `apart` turns its gradients into lists. */
function stepOp<In, Saved, Attrs>(
  op: Op<In, Saved, Attrs>,
  attrs: (k: Kernels) => Attrs,
  together: (inputs: StepInputs) => In,
  apart: (d: Grads<In>) => StepInputs,
): StepOp {
  return {
    forward: (k, inputs) => op.forward(k, together(inputs), attrs(k)).out,
    vjp: (k, inputs, dOut) => apart(op.vjp(k, op.forward(k, together(inputs), attrs(k)).saved, dOut)),
  };
}

const none = (): void => undefined;

/** Weight and bias of a step that has both: a linear map or a layer norm. */
export const paramsOf = ({ weights }: StepInputs): LinearParams => ({ weight: nth(weights, 0), bias: nth(weights, 1) });
const layer = (inputs: StepInputs): Layer<LinearParams> => ({ x: nth(inputs.taps, 0), params: paramsOf(inputs) });
const layerGradients = ({ x, params }: Layer<LinearParams>): StepInputs => ({ taps: [x], weights: [params.weight, params.bias] });

/** x Wᵀ + b. */
export const projectOp: StepOp = stepOp(linear, none, layer, layerGradients);
export const geluOp: StepOp = stepOp(
  gelu,
  none,
  ({ taps }) => ({ x: nth(taps, 0) }),
  ({ x }) => ({ taps: [x], weights: [] }),
);
/** σ of each row. */
export const softmaxOp: StepOp = stepOp(
  softmax,
  none,
  ({ taps }) => ({ z: nth(taps, 0) }),
  ({ z }) => ({ taps: [z], weights: [] }),
);

/** The scaled scores of (E7), [B, h, T, T], from qkv [B, T, 3D]. */
export const scoresOp = (heads: number): StepOp => ({
  forward: (k, { taps }) => scores.forward(k, splitHeads.forward(k, { qkv: nth(taps, 0) }, { heads }).out).out,
  vjp: (k, { taps }, dS) => {
    const roles = splitHeads.forward(k, { qkv: nth(taps, 0) }, { heads }).out;
    const d = scores.vjp(k, scores.forward(k, roles).saved, dS);
    return { taps: [splitHeads.vjp(k, null, { ...d, values: k.zeros(roles.values.shape) }).qkv], weights: [] };
  },
});

/** A V of (E7), the heads concatenated, [B, T, D], from the probabilities and qkv. */
export const contextOp = (heads: number): StepOp => ({
  forward: (k, { taps }) => {
    const { values } = splitHeads.forward(k, { qkv: nth(taps, 1) }, { heads }).out;
    return mergeHeads.forward(k, { o: mix.forward(k, { probs: nth(taps, 0), values }).out }).out;
  },
  vjp: (k, { taps }, dContext) => {
    const { q, values: v } = splitHeads.forward(k, { qkv: nth(taps, 1) }, { heads }).out;
    const dHeads = mergeHeads.vjp(k, { heads }, dContext).o;
    const d = mix.vjp(k, { probs: nth(taps, 0), values: v }, dHeads);
    const unread = k.zeros(q.shape);
    return { taps: [d.probs, splitHeads.vjp(k, null, { q: unread, keys: unread, values: d.values }).qkv], weights: [] };
  },
});

/** (E14) and (E15): a linear classifier on row `index` of Z. */
export const headOp = (index: number, tokens: number): StepOp => ({
  forward: (k, inputs) => {
    const row = token.forward(k, { z: nth(inputs.taps, 0) }, { index }).out;
    return linear.forward(k, { x: row, params: paramsOf(inputs) }).out;
  },
  vjp: (k, inputs, dLogits) => {
    const row = token.forward(k, { z: nth(inputs.taps, 0) }, { index }).out;
    const { x, params } = linear.vjp(k, { x: row, weight: nth(inputs.weights, 0) }, dLogits);
    return { taps: [token.vjp(k, { index, tokens }, x).z], weights: [params.weight, params.bias] };
  },
});

/** The mean of both heads (E27), or the only head. */
export const fuseOp: StepOp = stepOp(
  meanOfLogits,
  none,
  ({ taps: [head, head_dist = null] }) => ({ head: nth(head === undefined ? [] : [head], 0), head_dist }),
  ({ head, head_dist }) => ({ taps: head_dist === null ? [head] : [head, head_dist], weights: [] }),
);

/** (E4) */
export const normOp = (eps: number): StepOp => stepOp(layerNorm, () => ({ eps }), layer, layerGradients);

/** (E11), (E12): x plus its branch, which drop path multiplies. */
export const residualOp = (multiplier: (k: Kernels) => Tensor | null): StepOp =>
  stepOp(
    residual,
    (k) => ({ multiplier: multiplier(k) }),
    ({ taps }) => ({ x: nth(taps, 0), branch: nth(taps, 1) }),
    ({ x, branch }) => ({ taps: [x, branch], weights: [] }),
  );

/** (E1) */
export const patchOp = (patchSize: number): StepOp =>
  stepOp(
    patchEmbed,
    () => ({ patchSize }),
    (inputs) => ({ images: nth(inputs.taps, 0), params: { proj: paramsOf(inputs) } }),
    ({ images, params: { proj } }) => ({ taps: [images], weights: [proj.weight, proj.bias] }),
  );

/** (E2), (E3): class token, positions and, in a distilled model, the distillation token. */
export const embedOp: StepOp = stepOp(
  embed,
  () => ({ fixedPosition: null, dropout: null }),
  ({ taps, weights }) => ({
    patches: nth(taps, 0),
    params: { cls_token: nth(weights, 0), pos_embed: nth(weights, 1), dist_token: weights[2] ?? null },
  }),
  ({ patches, params: { cls_token, pos_embed, dist_token } }) => ({
    taps: [patches],
    weights: [cls_token, pos_embed, dist_token].filter((d) => d !== null),
  }),
);
