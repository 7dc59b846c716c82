/** Attention as kernels compute it that never hold a whole row of A, written in ops, with variants for common errors. */
import type { Kernels } from "../../src/kernels/kernels.ts";
import { attention, mix, scores, type AttentionAttrs, type AttentionInputs, type AttentionSaved } from "../../src/ops/attention.ts";
import type { Grads, Result } from "../../src/ops/op.ts";
import { axis, type Tensor } from "../../src/tensor/tensor.ts";
import { right } from "./planted.ts";

/** e^a / (e^a + e^b) */
export const share = (k: Kernels, a: Tensor, b: Tensor): Tensor => k.div(k.exp(a), k.add(k.exp(a), k.exp(b)));

/**
 * The forward over two tiles of keys, without dropout: O = w O_a + (1 − w) O_b. The correct w is e^(λ_a) / (e^(λ_a) + e^(λ_b)).
 *
 * @param weight computes w from λ_a, λ_b and the largest scores of both tiles
 */
export function tiled(
  k: Kernels,
  { q, keys, values: v }: AttentionInputs,
  attrs: AttentionAttrs,
  weight: (a: Tensor, b: Tensor, aMost: Tensor, bMost: Tensor) => Tensor,
): Result<Tensor, AttentionSaved> {
  const whole = right(attention).forward(k, { q, keys, values: v }, attrs);
  const [axisOfKeys, n] = [keys.shape.length - 2, axis(keys.shape, -2)];
  if (attrs.dropout !== null || n < 2) return whole;
  const tile = (from: number, to: number): AttentionInputs => ({
    q,
    keys: k.slice(keys, axisOfKeys, from, to),
    values: k.slice(v, axisOfKeys, from, to),
  });
  const [first, second] = [tile(0, n >> 1), tile(n >> 1, n)];
  const [a, b] = [right(attention).forward(k, first, attrs), right(attention).forward(k, second, attrs)];
  const most = (inputs: AttentionInputs): Tensor => k.maxLast(scores.forward(k, inputs).out);
  const w = weight(a.saved.logSum, b.saved.logSum, most(first), most(second));
  const rest = k.addScalar(k.scale(w, -1), 1);
  return { out: k.add(k.mul(a.out, w), k.mul(b.out, rest)), saved: whole.saved };
}

/** ⟨Ō, O⟩, [..., N, 1]. */
export const along = (k: Kernels, { out }: AttentionSaved, dO: Tensor): Tensor => k.sumLast(k.mul(dO, out));

/** The VJP in the form of (G12) that recomputes A = e^(S − λ); `along` is ⟨Ā, A⟩ of each row. */
export function recomputed(k: Kernels, saved: AttentionSaved, dO: Tensor, along: Tensor): Grads<AttentionInputs> {
  if (saved.dropout !== null) return right(attention).vjp(k, saved, dO);
  const probs = k.exp(k.sub(scores.forward(k, saved).out, saved.logSum));
  const dMix = mix.vjp(k, { probs, values: saved.values }, dO);
  return { ...scores.vjp(k, saved, k.mul(probs, k.sub(dMix.probs, along))), values: dMix.values };
}
