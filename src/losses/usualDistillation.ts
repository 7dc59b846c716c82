/**
 * Usual distillation (Table 3, rows 2 and 3): no distillation token, both targets supervise the class logits.
 *
 *   (E22), (E26) with z_d = z_c
 *
 *   (G6), (G7), (G8)   the two cotangents add up; hard, α = ½:  z̄ = (σ(z) − ½q − ½onehot(y_t))/B
 */
import type { Kernels } from "../kernels/kernels.ts";
import { defineOp, type Op } from "../ops/op.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { hardDistillation, type HardDistillationAttrs, type HardDistillationSaved } from "./hardDistillation.ts";
import { softDistillation, type SoftDistillationAttrs, type SoftDistillationSaved, type TwoLogits } from "./softDistillation.ts";

/** The logits of the class head, which both terms of the usual distillation read. */
export interface ClassLogits {
  /** z_c, [B, K]. */
  readonly head: Tensor;
}

function onClassLogits<Saved, Attrs>(name: string, loss: Op<TwoLogits, Saved, Attrs>): Op<ClassLogits, Saved, Attrs> {
  return defineOp<ClassLogits, Saved, Attrs>({
    name,
    shapes: { inputs: { head: "B K" }, out: "" },
    forward: (k: Kernels, { head }: ClassLogits, attrs: Attrs) => loss.forward(k, { head, head_dist: head }, attrs),
    vjp: (k: Kernels, saved: Saved, dLoss: Tensor) => {
      const d = loss.vjp(k, saved, dLoss);
      return { head: k.add(d.head, d.head_dist) }; // head is used twice
    },
  });
}

/** (E22) on one head's logits, [B, K] → a scalar. */
export const usualSoftDistillation: Op<ClassLogits, SoftDistillationSaved, SoftDistillationAttrs> = onClassLogits(
  "usualSoftDistillation",
  softDistillation,
);

/** (E26) on one head's logits, [B, K] → a scalar. */
export const usualHardDistillation: Op<ClassLogits, HardDistillationSaved, HardDistillationAttrs> = onClassLogits(
  "usualHardDistillation",
  hardDistillation,
);
