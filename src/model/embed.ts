/**
 * From the embedded patches to the input of the first block: prefix tokens, position embedding, dropout.
 *
 *   (E2)  plain      X₀ = [cls; E] + pos
 *   (E3)  distilled  X₀ = [cls; dist; E] + pos          dist is token 1; each prefix token has a position of its own
 *
 * The gradients are those of the parts (G16): cls̄ = pos̄[0] and dist̄ = pos̄[1].
 */
import type { Kernels } from "../kernels/kernels.ts";
import { dropout, type DropoutAttrs, type DropoutSaved } from "../ops/dropout.ts";
import { defineOp, type Grads, type Op, type Result } from "../ops/op.ts";
import { parts } from "../ops/parts.ts";
import { addPosition } from "../ops/position.ts";
import { prefixTokens, type PrefixSaved } from "../ops/tokens.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** Learned tokens and positions. */
export interface EmbedParams {
  /** [1, 1, D] */
  readonly cls_token: Tensor;
  /** Learned positions, [1, T, D]; null: `attrs.fixedPosition` is added instead. */
  readonly pos_embed: Tensor | null;
  /** [1, 1, D]; null: plain. */
  readonly dist_token: Tensor | null;
}

/** What `embed` differentiates. */
export interface EmbedInputs {
  /** E, [B, N, D]. */
  readonly patches: Tensor;
  /** Tokens and positions. */
  readonly params: EmbedParams;
}

/** Settings of `embed` that are not trained. */
export interface EmbedAttrs {
  /** Positions that are not trained (E34), [1, T, D]; null: learned ones. */
  readonly fixedPosition: Tensor | null;
  /** Dropout of the sum; null: none. */
  readonly dropout: DropoutAttrs | null;
}

/** What the VJP of `embed` reads. */
export interface EmbedSaved {
  /** Saved by prepending the tokens. */
  readonly prefix: PrefixSaved;
  /** Saved by the dropout. */
  readonly drop: DropoutSaved;
  /** Whether the positions are parameters, which have a gradient. */
  readonly learned: boolean;
}

const part = parts({ prefix: prefixTokens, position: addPosition, drop: dropout });

function forward(k: Kernels, { patches, params }: EmbedInputs, attrs: EmbedAttrs): Result<Tensor, EmbedSaved> {
  const { cls_token, dist_token, pos_embed } = params;
  const pos = pos_embed ?? attrs.fixedPosition;
  if (pos === null) throw new RangeError("embed: a model without pos_embed needs a fixed position");
  const tokens = part.prefix.forward(k, { patches, tokens: dist_token === null ? [cls_token] : [cls_token, dist_token] });
  const x0 = part.position.forward(k, { x: tokens.out, pos }); //      (E2) (E3)
  const kept = part.drop.forward(k, { x: x0.out }, attrs.dropout);
  return { out: kept.out, saved: { prefix: tokens.saved, drop: kept.saved, learned: pos_embed !== null } };
}

function vjp(k: Kernels, saved: EmbedSaved, dX0: Tensor): Grads<EmbedInputs> {
  const dDrop = part.drop.vjp(k, saved.drop, dX0);
  const dPosition = part.position.vjp(k, null, dDrop.x);
  const dPrefix = part.prefix.vjp(k, saved.prefix, dPosition.x);
  const [dCls = dPosition.pos, dDist = null] = dPrefix.tokens; // there is always a class token; the default satisfies the compiler
  return { patches: dPrefix.patches, params: { cls_token: dCls, pos_embed: saved.learned ? dPosition.pos : null, dist_token: dDist } };
}

/** E [B, N, D] → X₀ [B, T, D]. */
export const embed: Op<EmbedInputs, EmbedSaved, EmbedAttrs> = defineOp({
  name: "embed",
  shapes: { inputs: { patches: "B N D", params: { cls_token: "1 1 D", pos_embed: "1 T D", dist_token: "1 1 D" } }, out: "B T D" },
  forward,
  vjp,
});
