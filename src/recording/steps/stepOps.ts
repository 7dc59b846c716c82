/** The ops of the network as steps of a recording: each reads taps and weights by their place, and runs by itself, forward and back. */
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

/** What a step reads, in the order of `reads` and `weights`; its pullback gives the cotangents of the same. */
export interface StepInputs {
  /** Activations, or images. */
  readonly taps: readonly Tensor[];
  /** Parameters, weight before bias. */
  readonly weights: readonly Tensor[];
}

/** One step of the network: from what it reads to one tensor, and back. */
export interface StepOp {
  /** What the step makes. */
  readonly forward: (k: Kernels, inputs: StepInputs) => Tensor;
  /** Cotangents of all that it reads, from the cotangent of what it makes. */
  readonly pullback: (k: Kernels, inputs: StepInputs, dOut: Tensor) => StepInputs;
}

/** @throws RangeError where a step is given fewer tensors than it reads */
export function nth(tensors: readonly Tensor[], i: number): Tensor {
  const t = tensors[i];
  if (t === undefined) throw new RangeError(`a step reads a tensor ${i}, and was given ${tensors.length}`);
  return t;
}

/** An op as a step: how its inputs are put together, and its gradients taken apart. */
function stepOp<In, Saved, Attrs>(
  op: Op<In, Saved, Attrs>,
  attrs: (k: Kernels) => Attrs,
  together: (inputs: StepInputs) => In,
  apart: (d: Grads<In>) => StepInputs,
): StepOp {
  return {
    forward: (k, inputs) => op.forward(k, together(inputs), attrs(k)).out,
    pullback: (k, inputs, dOut) => apart(op.vjp(k, op.forward(k, together(inputs), attrs(k)).saved, dOut)),
  };
}

const none = (): void => undefined;

/** Weight and bias of a step that has both. */
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

/** S of (E7) from the rows of qkv. */
export const scoresOp = (heads: number): StepOp => ({
  forward: (k, { taps }) => scores.forward(k, splitHeads.forward(k, { qkv: nth(taps, 0) }, { heads }).out).out,
  pullback: (k, { taps }, dS) => {
    const roles = splitHeads.forward(k, { qkv: nth(taps, 0) }, { heads }).out;
    const d = scores.vjp(k, scores.forward(k, roles).saved, dS);
    return { taps: [splitHeads.vjp(k, null, { ...d, values: k.zeros(roles.values.shape) }).qkv], weights: [] };
  },
});

/** A V of (E7), heads side by side, from the probabilities and the rows of qkv. */
export const contextOp = (heads: number): StepOp => ({
  forward: (k, { taps }) => {
    const { values } = splitHeads.forward(k, { qkv: nth(taps, 1) }, { heads }).out;
    return mergeHeads.forward(k, { o: mix.forward(k, { probs: nth(taps, 0), values }).out }).out;
  },
  pullback: (k, { taps }, dContext) => {
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
  pullback: (k, inputs, dLogits) => {
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

/** (E11), (E12): x and its branch, with the multipliers of a drop path. */
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
