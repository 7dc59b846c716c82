/**
 * Dropout (deit.md 6.3). In DeiT's own recipe every rate is 0; an ablation turns it on.
 *
 *          y = m ⊙ x,  m = 0 with probability r, else 1/(1 − r), drawn for each element
 *
 *   (G15)  x̄ = m ⊙ ȳ: the same mask and the same factor
 */
import type { Kernels } from "../kernels/kernels.ts";
import { fold, type Key } from "../tensor/key.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { keepMask } from "./keepMask.ts";
import { defineOp, type Grads, type Op, type Result } from "./op.ts";

/** What `dropout` differentiates. */
export interface DropoutInputs {
  /** Any shape. */
  readonly x: Tensor;
}

/** The share of the elements that is dropped, and the key that decides which. */
export interface DropoutAttrs {
  /** r, 0 ≤ r < 1. */
  readonly rate: number;
  /** The key that the mask is drawn from. */
  readonly key: Key;
}

/** What the VJP of `dropout` reads. */
export interface DropoutSaved {
  /** m, of the shape of x; null: all ones. */
  readonly mask: Tensor | null;
}

function forward(k: Kernels, { x }: DropoutInputs, attrs: DropoutAttrs | null): Result<Tensor, DropoutSaved> {
  if (attrs === null) return { out: x, saved: { mask: null } };
  const mask = keepMask.run(k, null, { ...attrs, shape: x.shape });
  return { out: k.mul(x, mask), saved: { mask } };
}

function vjp(k: Kernels, { mask }: DropoutSaved, dy: Tensor): Grads<DropoutInputs> {
  return { x: mask === null ? dy : k.mul(dy, mask) }; //          (G15)
}

/** [...] → [...]; attrs null: the identity. */
export const dropout: Op<DropoutInputs, DropoutSaved, DropoutAttrs | null> = defineOp({
  name: "dropout",
  shapes: { inputs: { x: "..." }, saved: { mask: "..." }, out: "..." },
  forward,
  vjp,
});

/** The same rate, with a key derived for the dropout called `label`. */
export const dropoutAt = (attrs: DropoutAttrs | null, label: string): DropoutAttrs | null =>
  attrs === null ? null : { rate: attrs.rate, key: fold(attrs.key, label) };
