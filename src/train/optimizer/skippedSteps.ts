/**
 * Skipped steps. A step whose gradient holds a number that is not finite is skipped: weights and moments stay as they were. Whether a step
 * is skipped, and how many were, are numbers on the engine, so that nothing waits for them.
 */
import type { Kernels } from "../../kernels/kernels.ts";
import type { Tensor } from "../../tensor/tensor.ts";

/** What was found of the gradient, on the engine. */
export interface FiniteCheck {
  /** [], one for all: 0 where a gradient was found non-finite, and the step is skipped. null: no step is skipped. */
  readonly finite: Tensor | null;
}

/** The same, with the count of earlier skipped steps. */
export interface Counted extends FiniteCheck {
  /** [], s: how many earlier steps were skipped, up to `MOST_SKIPPED`. null: none. */
  readonly skipped: Tensor | null;
}

/** `next`, or `old` if the step is skipped. */
export const unlessSkipped = (k: Kernels, finite: Tensor | null, next: Tensor, old: Tensor): Tensor =>
  finite === null ? next : k.where(finite, next, old);

/** Larger counts are treated as this one: a loss scale that falls as far as it can and doubles every 2000 steps has skipped 64 steps after 50,000. */
export const MOST_SKIPPED = 64;

/** f(step − s): chosen, where s is on the engine, from the values for every s, so that it has the bits of f; []. */
export function atCountedStep(k: Kernels, f: (step: number) => number, step: number, skipped: Tensor | null): Tensor {
  if (skipped === null) return k.upload([], [f(step)]);
  const values = Array.from({ length: MOST_SKIPPED + 1 }, (_, s) => f(Math.max(1, step - s)));
  return k.reshape(k.sumLast(k.mul(k.upload([values.length], values), k.oneHot(skipped, values.length))), []);
}
