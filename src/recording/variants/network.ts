/**
 * Blocks and heads as they are often written.
 *
 *   (E11), (E12)  X⁺ = X + m ⊙ branch                 (E31)  m = 0, or 1/(1 − r)
 *   (E13)         Z = LN_f(X_L)
 *   (E14), (E15)  z_c = Z[:, 0] Wcᵀ + bc      z_d = Z[:, 1] Wdᵀ + bd
 *   (E27)         z = ½(z_c + z_d)
 */
import type { Kernels } from "../../kernels/kernels.ts";
import { prefixCount, tokenCount, type DeitConfig } from "../../model/config.ts";
import { sumOfSoftmax } from "../../model/fusion.ts";
import { linear } from "../../ops/linear.ts";
import { residual } from "../../ops/residual.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { headOp, nth, paramsOf } from "../stepOps.ts";
import { kindOf } from "../steps.ts";
import type { ForwardVariant } from "./variant.ts";

/** 1 where a multiplier is not 0. */
function kept(k: Kernels, multiplier: Tensor): Tensor {
  const dropped = k.step(k.scale(multiplier, -1));
  return k.addScalar(k.scale(dropped, -1), 1);
}

/** Z [B, T, D] → the mean of its rows of patches, [B, D]. */
function meanOfPatches(k: Kernels, z: Tensor, model: DeitConfig): Tensor {
  const [P, T] = [prefixCount(model), tokenCount(model)];
  const rows = k.permute(k.slice(z, 1, P, T), [1, 0, 2]);
  return k.scale(k.sumLeading(rows, 1), 1 / (T - P));
}

export const networkVariants: readonly ForwardVariant[] = [
  {
    part: "forward",
    name: "residual-missing",
    instead: "the output is the branch alone",
    reason: "x was overwritten by the branch instead of being added to it",
    equation: "(E11), (E12)",
    steps: ["mid", "block"],
    wrong: (k, { taps }, { multiplier }) => {
      const branch = nth(taps, 1);
      return residual.forward(k, { x: k.zeros(branch.shape), branch }, { multiplier }).out;
    },
  },
  {
    part: "forward",
    name: "drop-path-unscaled",
    instead: "a branch that is kept is not divided by 1 − r",
    reason: "the paper on stochastic depth scales at test time instead; timm scales in training",
    equation: "(E31)",
    steps: ["mid", "block"],
    wrong: (k, { taps }, { multiplier }) =>
      residual.forward(k, { x: nth(taps, 0), branch: nth(taps, 1) }, { multiplier: multiplier === null ? null : kept(k, multiplier) }).out,
  },
  {
    part: "forward",
    name: "final-norm-missing",
    instead: "the last block's output goes to the heads as it is",
    reason: "a post-norm transformer has none there; a pre-norm one needs it",
    equation: "(E13)",
    steps: ["norm"],
    wrong: (_, { taps }) => nth(taps, 0),
  },
  {
    part: "forward",
    name: "heads-swapped",
    instead: "each head reads the other's token",
    reason: "the distillation token was put before the class token, or the outputs were unpacked in the other order",
    equation: "(E14), (E15)",
    steps: ["head", "head_dist"],
    wrong: (k, inputs, { model, step }) => {
      const own = kindOf(step.tap) === "head" ? 0 : 1;
      return headOp(model.distilled ? 1 - own : own, tokenCount(model)).forward(k, inputs);
    },
  },
  {
    part: "forward",
    name: "head-shared",
    instead: "the class head is used for the distillation token as well",
    reason: "one head is kept where the code has two, or the second was loaded from the first",
    equation: "(E15)",
    steps: ["head_dist"],
    wrong: (k, { taps }, { model, parameter }) =>
      headOp(1, tokenCount(model)).forward(k, { taps, weights: [parameter("head.weight"), parameter("head.bias")] }),
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
    wrong: (k, { taps: [head, head_dist] }) =>
      sumOfSoftmax.forward(k, { head: nth(head === undefined ? [] : [head], 0), head_dist: head_dist ?? null }).out,
  },
];
