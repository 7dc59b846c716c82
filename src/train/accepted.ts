/** Steps that may be taken back: whether one counts is a number on the engine, and nothing waits for it. */
import type { Kernels } from "../kernels/kernels.ts";
import type { Tensor } from "../tensor/tensor.ts";

export interface Acceptance {
  /** Not 0: the step counts; 0: all stays as it was; one for all, []. null: every step counts. */
  readonly accepted: Tensor | null;
}

/** What a step makes of `old`: `next`, unless it is taken back. */
export const ifAccepted = (k: Kernels, accepted: Tensor | null, next: Tensor, old: Tensor): Tensor =>
  accepted === null ? next : k.where(accepted, next, old);
