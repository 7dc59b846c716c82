/**
 * The batch: losses are means over it, and so are their gradients.
 *
 *   (G4)   z̄ = (σ(z) − q)/B
 */
import { axis, type Tensor } from "../../tensor/tensor.ts";
import { objective } from "../../train/objective.ts";
import type { BackwardVariant, LossVariant } from "./variant.ts";

const about = {
  name: "batch-sum",
  instead: "every gradient is B times too large",
  reason: "the gradient of the sum over the batch was taken, and only the reported loss is the mean",
  equation: "(G4)",
};

/** It begins at the cotangents of the logits; what is made of a wrong cotangent is right locally, and B times too large from the images on. */
export const batchVariants: readonly [LossVariant, BackwardVariant] = [
  {
    ...about,
    part: "loss",
    wrong: (k, logits, { targets, distillation }) => {
      const { loss, dLogits } = objective(k, logits, targets, distillation);
      const summed = (d: Tensor): Tensor => k.scale(d, axis(d.shape, 0));
      return { loss, dLogits: { head: summed(dLogits.head), head_dist: dLogits.head_dist === null ? null : summed(dLogits.head_dist) } };
    },
  },
  {
    ...about,
    part: "backward",
    steps: null,
    wrong: (k, inputs, dOut, { step, local, batch }) => {
      const { taps, weights } = step.pullback(k, inputs, dOut);
      const summed = (d: Tensor): Tensor => k.scale(d, local ? 1 : batch);
      return { taps: taps.map(summed), weights: weights.map(summed) };
    },
  },
];
