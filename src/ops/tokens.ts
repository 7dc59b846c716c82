/**
 * Prefix tokens: they are prepended to the patches, and after the encoder one token at a time is selected.
 *
 *   (E2)   plain      [cls; E]            (E3)  distilled  [cls; dist; E]        broadcast over the batch; dist is token 1
 *
 *   (G16)  cls̄ = Σ_b X̄₀[:, 0]      dist̄ = Σ_b X̄₀[:, 1]      Ē = X̄₀[:, P:]
 *   (G17)  Z̄ is zero except in the row of the token
 */
import type { Kernels } from "../kernels/kernels.ts";
import { axis, type Tensor } from "../tensor/tensor.ts";
import { defineOp, type Grads, type Op, type Result } from "./op.ts";

/** What `prefixTokens` differentiates. */
export interface PrefixInputs {
  /** E, [B, N, D]. */
  readonly patches: Tensor;
  /** P learned tokens, [1, 1, D] each: the class token, and in a distilled model the distillation token (or a second class token). */
  readonly tokens: readonly Tensor[];
}

/** What the VJP of `prefixTokens` reads. */
export interface PrefixSaved {
  /** P */
  readonly count: number;
}

function forward(k: Kernels, { patches, tokens }: PrefixInputs): Result<Tensor, PrefixSaved> {
  const [B = 0, , D = 0] = patches.shape;
  const rows = tokens.map((token) => k.expandLeading(k.reshape(token, [1, D]), B)); // [B, 1, D] each
  return { out: k.concat([...rows, patches], 1), saved: { count: tokens.length } }; // (E2) (E3)
}

function vjp(k: Kernels, { count }: PrefixSaved, dX: Tensor): Grads<PrefixInputs> {
  const [, T = 0, D = 0] = dX.shape;
  const row = (i: number): Tensor => k.reshape(k.sumLeading(k.slice(dX, 1, i, i + 1), 1), [1, 1, D]);
  return { patches: k.slice(dX, 1, count, T), tokens: Array.from({ length: count }, (_, i) => row(i)) }; // (G16)
}

/** E [B, N, D] and P tokens → [B, T, D], T = N + P. */
export const prefixTokens: Op<PrefixInputs, PrefixSaved> = defineOp({
  name: "prefixTokens",
  shapes: { inputs: { patches: "B N D" }, out: "B T D" },
  forward,
  vjp,
});

/** What `token` differentiates. */
export interface TokenInputs {
  /** Z, [B, T, D]. */
  readonly z: Tensor;
}

/** Which token is selected. */
export interface TokenAttrs {
  /** 0: class, 1: distillation. */
  readonly index: number;
}

/** What the VJP of `token` reads. */
export interface TokenSaved extends TokenAttrs {
  /** T */
  readonly tokens: number;
}

/** Z[:, index], [B, T, D] → [B, D]. */
export const token: Op<TokenInputs, TokenSaved, TokenAttrs> = defineOp({
  name: "token",
  shapes: { inputs: { z: "B T D" }, out: "B D" },
  forward(k, { z }, { index }) {
    const [B = 0, T = 0, D = 0] = z.shape;
    return { out: k.reshape(k.slice(z, 1, index, index + 1), [B, D]), saved: { index, tokens: T } };
  },
  vjp(k, { index, tokens }, d) {
    return { z: k.pad(k.reshape(d, [axis(d.shape, 0), 1, axis(d.shape, 1)]), 1, index, tokens) }; // (G17)
  },
});
