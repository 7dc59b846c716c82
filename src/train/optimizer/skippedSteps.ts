/**
 * Skipped steps. A step is skipped if its gradient holds a number that is not finite: weights and moments stay as they were. Whether a step
 * is skipped, and how many were, are tensors on the engine, so that the host never waits for them.
 */
import type { Kernels } from "../../kernels/kernels.ts";
import type { Tensor } from "../../tensor/tensor.ts";

/** Whether the gradient is finite, as a tensor. */
export interface FiniteCheck {
  /** [], one flag for all parameters: 0 if a gradient was found non-finite and the step is skipped, else 1. null if steps are never skipped. */
  readonly finite: Tensor | null;
}

/** The check, with the number of earlier skipped steps. */
export interface Counted extends FiniteCheck {
  /** [], s: how many earlier steps were skipped, up to `MOST_SKIPPED`. null if steps are never skipped. */
  readonly skipped: Tensor | null;
}

/** `next`, or `old` if the step is skipped. */
export const unlessSkipped = (k: Kernels, finite: Tensor | null, next: Tensor, old: Tensor): Tensor =>
  finite === null ? next : k.where(finite, next, old);

/** Larger counts are treated as this one. A loss scale that falls as far as it can and then doubles every 2000 steps has skipped 64 steps after 50,000. */
export const MOST_SKIPPED = 64;

/** f(step − s), []. The host computes f for every s and the engine selects the value, so the result is bitwise identical to the host's. */
export function atCountedStep(k: Kernels, f: (step: number) => number, step: number, skipped: Tensor | null): Tensor {
  if (skipped === null) return k.upload([], [f(step)]);
  const values = Array.from({ length: MOST_SKIPPED + 1 }, (_, s) => f(Math.max(1, step - s)));
  return k.reshape(k.sumLast(k.mul(k.upload([values.length], values), k.oneHot(skipped, values.length))), []);
}
