/**
 * Biases of the linear maps and their gradients, as they are often written wrong.
 *
 *   (E1), (E5), (E10), (E14), (E15)   y = x Wᵀ + b
 *   (G1)                              b̄ = Σ ȳ                over batch and rows
 */
import { axis, size } from "../../tensor/tensor.ts";
import { nth } from "../steps/stepOps.ts";
import type { BackwardVariant, ForwardVariant } from "./variant.ts";

/** The right step with zeros for its bias. */
const withoutBias: ForwardVariant["wrong"] = (k, { taps, weights }, { step }) =>
  step.forward(k, { taps, weights: [nth(weights, 0), k.zeros(nth(weights, 1).shape)] });

const forward: readonly ForwardVariant[] = [
  {
    part: "forward",
    name: "patch-bias-missing",
    instead: "the bias of the patch projection is not added",
    reason: "a patch embedding needs no bias if a norm follows; DeiT's has one",
    equation: "(E1)",
    steps: ["patch_embed"],
    wrong: withoutBias,
  },
  {
    part: "forward",
    name: "qkv-bias-missing",
    instead: "the bias of qkv is not added",
    reason: "qkv_bias is False by default in some ViT code; DeiT has it",
    equation: "(E5)",
    steps: ["attn.qkv"],
    wrong: withoutBias,
  },
  {
    part: "forward",
    name: "mlp-bias-missing",
    instead: "a bias of the feed-forward part is not added",
    reason: "bias=False was copied from a language model; both of DeiT's linear maps have biases",
    equation: "(E10)",
    steps: ["mlp.fc1", "mlp"],
    wrong: withoutBias,
  },
  {
    part: "forward",
    name: "head-bias-missing",
    instead: "the bias of a head is not added",
    reason: "heads without a bias are common in contrastive models; DeiT's have one",
    equation: "(E14), (E15)",
    steps: ["head", "head_dist"],
    wrong: withoutBias,
  },
];

const backward: readonly BackwardVariant[] = [
  {
    part: "backward",
    name: "bias-grad-mean",
    instead: "the gradient of a bias is the mean over batch and rows",
    reason: "the broadcast axes were reduced by a mean instead of a sum",
    equation: "(G1)",
    steps: ["patch_embed", "attn.qkv", "attn", "mlp.fc1", "mlp", "head", "head_dist"],
    wrong: (k, inputs, dy, { step }) => {
      const { taps, weights } = step.vjp(k, inputs, dy);
      const rows = size(dy.shape) / axis(dy.shape, -1);
      return { taps, weights: weights.map((d, i) => (i === 1 ? k.scale(d, 1 / rows) : d)) };
    },
  },
];

export const biasVariants: readonly (ForwardVariant | BackwardVariant)[] = [...forward, ...backward];
