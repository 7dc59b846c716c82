/**
 * The heads and the fusion of their logits, as they are often written wrong.
 *
 *   (E14), (E15)  z_c = Z[:, 0] Wcᵀ + bc      z_d = Z[:, 1] Wdᵀ + bd
 *   (E27)         z = ½(z_c + z_d)
 */
import type { Kernels } from "../../kernels/kernels.ts";
import { prefixCount, tokenCount, type DeitConfig } from "../../model/config.ts";
import { sumOfSoftmax } from "../../model/fusion.ts";
import { linear } from "../../ops/linear.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { fuseOp, headOp, nth, paramsOf, type StepInputs } from "../steps/stepOps.ts";
import { kindOf } from "../steps/steps.ts";
import type { ForwardVariant } from "./variant.ts";

/** Z [B, T, D] → the mean over its patch tokens, [B, D]. */
function meanOfPatches(k: Kernels, z: Tensor, model: DeitConfig): Tensor {
  const [P, T] = [prefixCount(model), tokenCount(model)];
  const rows = k.permute(k.slice(z, 1, P, T), [1, 0, 2]);
  return k.scale(k.sumLeading(rows, 1), 1 / (T - P));
}

/** A head that reads token `index`, or in a plain model the class token. */
const reading = (index: number, k: Kernels, inputs: StepInputs, model: DeitConfig): Tensor =>
  headOp(model.distilled ? index : 0, tokenCount(model)).forward(k, inputs);

/** Another fusion of both heads; in a plain model, which has one head, the right logits. */
const fusedBy =
  (fusion: (k: Kernels, head: Tensor, head_dist: Tensor) => Tensor): ForwardVariant["wrong"] =>
  (k, inputs) => {
    const [head, head_dist] = inputs.taps;
    return head === undefined || head_dist === undefined ? fuseOp.forward(k, inputs) : fusion(k, head, head_dist);
  };

/** At one head alone, several of these variants give the same values. */
const bothHeads = (): readonly string[] => ["head", "head_dist"];

export const headVariants: readonly ForwardVariant[] = [
  {
    part: "forward",
    name: "heads-swapped",
    instead: "each head reads the other's token",
    reason: "the distillation token was put before the class token, or the outputs were unpacked in the wrong order",
    equation: "(E14), (E15)",
    steps: ["head", "head_dist"],
    together: true,
    requiredTaps: bothHeads,
    wrong: (k, inputs, { model, step }) => reading(kindOf(step.tap) === "head" ? 1 : 0, k, inputs, model),
  },
  {
    part: "forward",
    name: "dist-reads-class",
    instead: "the distillation head reads the class token",
    reason: "both heads were applied to the class token",
    equation: "(E15)",
    steps: ["head_dist"],
    requiredTaps: bothHeads,
    wrong: (k, inputs, { model }) => reading(0, k, inputs, model),
  },
  {
    part: "forward",
    name: "class-reads-dist",
    instead: "the class head reads the distillation token",
    reason: "the class head was given the index of the distillation token",
    equation: "(E14)",
    steps: ["head"],
    requiredTaps: bothHeads,
    wrong: (k, inputs, { model }) => reading(1, k, inputs, model),
  },
  {
    part: "forward",
    name: "head-shared",
    instead: "the class head is used for the distillation token as well",
    reason: "the model has one head instead of two, or the second was loaded from the first",
    equation: "(E15)",
    steps: ["head_dist"],
    rewired: () => ({ weights: ["head.weight", "head.bias"] }),
    wrong: (k, inputs, { model }) => reading(1, k, inputs, model),
  },
  {
    part: "forward",
    name: "pooled-by-mean",
    instead: "the class head reads the mean of the patch tokens",
    reason: "global average pooling, as in later ViTs; DeiT reads the class token",
    equation: "(E14)",
    steps: ["head"],
    wrong: (k, inputs, { model }) => linear.forward(k, { x: meanOfPatches(k, nth(inputs.taps, 0), model), params: paramsOf(inputs) }).out,
  },
  {
    part: "forward",
    name: "fusion-softmax-sum",
    instead: "the outputs are the sum of both softmax distributions",
    reason: "the paper's text adds the softmax outputs; the authors' code takes the mean of the logits",
    equation: "(E27)",
    steps: ["logits"],
    wrong: fusedBy((k, head, head_dist) => sumOfSoftmax.forward(k, { head, head_dist }).out),
  },
  {
    part: "forward",
    name: "heads-summed",
    instead: "the outputs are the sum of both heads' logits",
    reason: "the factor ½ was left out; the decisions are the same, but a loss on these logits is not",
    equation: "(E27)",
    steps: ["logits"],
    wrong: fusedBy((k, head, head_dist) => k.add(head, head_dist)),
  },
  {
    part: "forward",
    name: "logits-of-class-head",
    instead: "the outputs are the class head's alone",
    reason: "the model returned a pair, and only its first element was used; at test time the heads are fused",
    equation: "(E27)",
    steps: ["logits"],
    wrong: fusedBy((_, head) => head),
  },
  {
    part: "forward",
    name: "logits-of-dist-head",
    instead: "the outputs are the distillation head's alone",
    reason: "the model returned a pair, and only its second element was used; at test time the heads are fused",
    equation: "(E27)",
    steps: ["logits"],
    wrong: fusedBy((_, __, head_dist) => head_dist),
  },
];
