/**
 * Self-attention and its VJP, as they are often written wrong.
 *
 *   (E5)   [Q|K|V] = X Wᵀ + b                  rows 0 … D−1 of W give queries, the next D keys, the last D values
 *   (E6)   columns of [Q|K|V] in the order (q, k or v; head; channel)
 *   (E7)   A = σ(d^(−½) Q Kᵀ)                   each row sums to 1
 *   (G12)  S̄ = A ⊙ (Ā − ⟨Ā, A⟩)      Q̄ = d^(−½) S̄ K      K̄ = d^(−½) S̄ᵀ Q
 */
import type { Kernels } from "../../kernels/kernels.ts";
import { linear } from "../../ops/linear.ts";
import { mix } from "../../ops/attention.ts";
import { softmax } from "../../ops/softmax.ts";
import { mergeHeads, splitHeads, type QueriesKeysValues } from "../../ops/splitHeads.ts";
import { axis, type Tensor } from "../../tensor/tensor.ts";
import { nth, paramsOf, type StepInputs } from "../steps/stepOps.ts";
import { kindOf } from "../steps/steps.ts";
import type { BackwardVariant, ForwardVariant } from "./variant.ts";

const project = (k: Kernels, inputs: StepInputs): Tensor => linear.forward(k, { x: nth(inputs.taps, 0), params: paramsOf(inputs) }).out;

/** s Q Kᵀ */
const scaledScores = (k: Kernels, { q, keys }: Pick<QueriesKeysValues, "q" | "keys">, s: number): Tensor =>
  k.scale(k.matmul(q, keys, { tb: true }), s);

const split = (k: Kernels, qkv: Tensor, heads: number): QueriesKeysValues => splitHeads.forward(k, { qkv }, { heads }).out;

/** Columns in the order (head; q, k or v; channel) rearranged to (q, k or v; head; channel). */
function regrouped(k: Kernels, qkv: Tensor, h: number): Tensor {
  const [B = 0, T = 0, threeD = 0] = qkv.shape;
  return k.reshape(k.permute(k.reshape(qkv, [B, T, h, 3, threeD / 3 / h]), [0, 1, 3, 2, 4]), qkv.shape);
}

/** The first two thirds of the columns exchanged. */
function keysFirst(k: Kernels, qkv: Tensor): Tensor {
  const D = (qkv.shape[2] ?? 0) / 3;
  const third = (i: number): Tensor => k.slice(qkv, 2, i * D, (i + 1) * D);
  return k.concat([third(1), third(0), third(2)], 2);
}

/** The wrong qkv, scores or context of a program that takes the columns of qkv in another order. */
function reordered(order: (k: Kernels, qkv: Tensor, h: number) => Tensor): ForwardVariant["wrong"] {
  return (k, inputs, { model: { width: D, heads: h }, step }) => {
    const kind = kindOf(step.tap);
    if (kind === "attn.qkv") return order(k, project(k, inputs), h);
    if (kind === "attn.scores") return scaledScores(k, split(k, order(k, nth(inputs.taps, 0), h), h), (D / h) ** -0.5);
    const { values } = split(k, order(k, nth(inputs.taps, 1), h), h);
    return mergeHeads.forward(k, { o: mix.forward(k, { probs: nth(inputs.taps, 0), values }).out }).out;
  };
}

const scaledBy =
  (scaleOf: (D: number) => number): ForwardVariant["wrong"] =>
  (k, { taps }, { model: { width: D, heads } }) =>
    scaledScores(k, split(k, nth(taps, 0), heads), scaleOf(D));

/** Added to the scores that are masked: e to that power is 0. */
const MASKED = -1e9;

/** σ of each row of S [B, h, T, T], without the keys after the query. */
function causal(k: Kernels, S: Tensor): Tensor {
  const T = axis(S.shape, -1);
  const mask = k.upload(
    [T, T],
    Float64Array.from({ length: T * T }, (_, i) => (i % T > Math.floor(i / T) ? MASKED : 0)),
  );
  return softmax.forward(k, { z: k.add(S, mask) }).out;
}

const forward: readonly ForwardVariant[] = [
  {
    part: "forward",
    name: "scale-by-width",
    instead: "the scores are scaled by D^(−½)",
    reason: "the width of the model was used instead of the width of a head, d = D/h",
    equation: "(E7)",
    steps: ["attn.scores"],
    wrong: scaledBy((D) => D ** -0.5),
  },
  {
    part: "forward",
    name: "scale-missing",
    instead: "the scores are not scaled",
    reason: "the factor d^(−½) was forgotten, or the author expected a library's call to apply it",
    equation: "(E7)",
    steps: ["attn.scores"],
    wrong: scaledBy(() => 1),
  },
  {
    part: "forward",
    name: "softmax-over-queries",
    instead: "the columns of A sum to 1",
    reason: "softmax was taken over the wrong one of the two token axes",
    equation: "(E7)",
    steps: ["attn.probs"],
    wrong: (k, { taps }) => {
      const exchange = (t: Tensor): Tensor => k.permute(t, [0, 1, 3, 2]);
      return exchange(softmax.forward(k, { z: exchange(nth(taps, 0)) }).out);
    },
  },
  {
    part: "forward",
    name: "qkv-grouped-by-head",
    instead: "the rows of qkv are read as (head; q, k or v; channel)",
    reason: "reshaped to [B, T, h, 3, d] instead of [B, T, 3, h, d]",
    equation: "(E6)",
    steps: ["attn.qkv", "attn.scores", "attn.context"],
    wrong: reordered(regrouped),
  },
  {
    part: "forward",
    name: "qkv-order-kqv",
    instead: "rows 0 … D−1 of qkv are read as keys, the next D as queries",
    reason: "another code base stores key, query, value in this order",
    equation: "(E5)",
    steps: ["attn.qkv", "attn.scores"],
    wrong: reordered(keysFirst),
  },
  {
    part: "forward",
    name: "attention-causal",
    instead: "a token attends only to itself and to the tokens before it",
    reason: "the attention of a language model was reused with its mask; DeiT has none",
    equation: "(E7)",
    steps: ["attn.probs"],
    wrong: (k, { taps }) => causal(k, nth(taps, 0)),
  },
  {
    part: "forward",
    name: "proj-missing",
    instead: "the concatenated heads are the output of attention, without Wo and bo",
    reason: "the projection after the heads was left out",
    equation: "(E8)",
    steps: ["attn"],
    wrong: (_, { taps }) => nth(taps, 0),
  },
];

const backward: readonly BackwardVariant[] = [
  {
    part: "backward",
    name: "softmax-vjp-sum-dropped",
    instead: "S̄ = A ⊙ Ā: the term ⟨Ā, A⟩ is missing",
    reason: "softmax was differentiated as if its denominator were constant",
    equation: "(G2), (G12)",
    steps: ["attn.probs"],
    wrong: (k, { taps }, dA) => ({ taps: [k.mul(softmax.forward(k, { z: nth(taps, 0) }).out, dA)], weights: [] }),
  },
  {
    part: "backward",
    name: "scale-missing-in-vjp",
    instead: "Q̄ = S̄ K and K̄ = S̄ᵀ Q, without d^(−½)",
    reason: "the scale was applied in the forward pass only",
    equation: "(G12)",
    steps: ["attn.scores"],
    wrong: (k, { taps }, dS, { model: { heads } }) => {
      const { q, keys, values } = split(k, nth(taps, 0), heads);
      const d = { q: k.matmul(dS, keys), keys: k.matmul(dS, q, { ta: true }), values: k.zeros(values.shape) };
      return { taps: [splitHeads.vjp(k, null, d).qkv], weights: [] };
    },
  },
];

export const attentionVariants: readonly (ForwardVariant | BackwardVariant)[] = [...forward, ...backward];
