/** Steps that may be taken back: whether one counts, and how many did not, are numbers on the engine, and nothing waits for them. */
import type { Kernels } from "../../kernels/kernels.ts";
import type { Tensor } from "../../tensor/tensor.ts";

/** Whether a step counts, as decided on the engine. */
export interface Acceptance {
  /** Not 0: the step counts; 0: all stays as it was; one for all, []. null: every step counts. */
  readonly accepted: Tensor | null;
}

/** Whether a step counts, and how many before it did not. */
export interface Counted extends Acceptance {
  /** s, how many of the steps before were taken back, up to `MOST_SKIPPED`; []. null: none. */
  readonly skipped: Tensor | null;
}

/** What a step makes of `old`: `next`, unless it is taken back. */
export const ifAccepted = (k: Kernels, accepted: Tensor | null, next: Tensor, old: Tensor): Tensor =>
  accepted === null ? next : k.where(accepted, next, old);

/** More are taken for so many: a scale that falls as far as it may and rises again every 2000 steps has taken back 64 after 50,000. */
export const MOST_SKIPPED = 64;

/** f(step − s): chosen, where s is on the engine, from the values for every s, so that it has the bits of f; []. */
export function atCountedStep(k: Kernels, f: (step: number) => number, step: number, skipped: Tensor | null): Tensor {
  if (skipped === null) return k.upload([], [f(step)]);
  const values = Array.from({ length: MOST_SKIPPED + 1 }, (_, s) => f(Math.max(1, step - s)));
  return k.reshape(k.sumLast(k.mul(k.upload([values.length], values), k.oneHot(skipped, values.length))), []);
}
