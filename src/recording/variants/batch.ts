/**
 * The mean over the batch: losses are means, and so are their gradients.
 *
 *   (G4)   z̄ = (σ(z) − q)/B
 */
import { axis } from "../../tensor/tensor.ts";
import type { BackwardVariant } from "./variant.ts";

export const batchVariants: readonly BackwardVariant[] = [
  {
    part: "backward",
    name: "batch-sum",
    instead: "every gradient is B times too large",
    reason: "the gradient is that of the sum over the batch, and only the reported loss is the mean",
    equation: "(G4)",
    steps: ["loss"],
    wrong: (k, inputs, dLoss, { step }) => {
      const { taps } = step.vjp(k, inputs, dLoss);
      return { taps: taps.map((d) => k.scale(d, axis(d.shape, 0))), weights: [] };
    },
  },
];
