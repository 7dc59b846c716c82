/**
 * Pre-norm encoder block; m₁, m₂ are the drop-path multipliers of its two branches.
 *
 *   (E11)  X′ = X + m₁ ⊙ MSA(LN₁(X))
 *   (E12)  X⁺ = X′ + m₂ ⊙ FFN(LN₂(X′))
 */
import type { Kernels } from "../kernels/kernels.ts";
import { dropoutAt, type DropoutAttrs } from "../ops/dropout.ts";
import type { Multipliers } from "../ops/dropPath.ts";
import { layerNorm, type LayerNormAttrs, type LayerNormParams, type LayerNormSaved } from "../ops/layerNorm.ts";
import { defineOp, type Grads, type Layer, type Op, type Result } from "../ops/op.ts";
import { parts } from "../ops/parts.ts";
import { residual, type ResidualAttrs } from "../ops/residual.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { mlp, type MlpParams, type MlpSaved } from "./mlp.ts";
import { selfAttention, type SelfAttentionParams, type SelfAttentionSaved } from "./selfAttention.ts";

/** Parameters of one block, under timm's names. */
export interface BlockParams {
  /** Layer norm before attention. */
  readonly norm1: LayerNormParams;
  /** Multi-head self-attention. */
  readonly attn: SelfAttentionParams;
  /** Layer norm before the MLP. */
  readonly norm2: LayerNormParams;
  /** The two layers of the MLP. */
  readonly mlp: MlpParams;
}

/** Settings of a block that are not trained. */
export interface BlockAttrs extends LayerNormAttrs {
  /** h */
  readonly heads: number;
  /** Multipliers of the two branches (E31), [B] each; null: no drop path. */
  readonly dropPath: Multipliers | null;
  /** For every dropout in the block; null: none. */
  readonly dropout: DropoutAttrs | null;
}

/** What the VJP of a block reads, part by part. */
export interface BlockSaved {
  /** Saved by the layer norm before attention. */
  readonly norm1: LayerNormSaved;
  /** Saved by self-attention. */
  readonly attn: SelfAttentionSaved;
  /** Saved by the first residual sum. */
  readonly mid: ResidualAttrs;
  /** Saved by the layer norm before the MLP. */
  readonly norm2: LayerNormSaved;
  /** Saved by the MLP. */
  readonly mlp: MlpSaved;
  /** Saved by the second residual sum, the block's output. */
  readonly sum: ResidualAttrs;
}

const part = parts({
  norm1: layerNorm,
  attn: selfAttention,
  mid: residual,
  norm2: layerNorm,
  mlp,
  sum: residual,
});

function forward(k: Kernels, { x, params }: Layer<BlockParams>, { eps, heads, dropPath, dropout }: BlockAttrs): Result<Tensor, BlockSaved> {
  const n1 = part.norm1.forward(k, { x, params: params.norm1 }, { eps });
  const a = part.attn.forward(k, { x: n1.out, params: params.attn }, { heads, dropout: dropoutAt(dropout, "attn") });
  const u = part.mid.forward(k, { x, branch: a.out }, { multiplier: dropPath?.attn ?? null }); //      (E11)

  const n2 = part.norm2.forward(k, { x: u.out, params: params.norm2 }, { eps });
  const f = part.mlp.forward(k, { x: n2.out, params: params.mlp }, { dropout: dropoutAt(dropout, "mlp") });
  const y = part.sum.forward(k, { x: u.out, branch: f.out }, { multiplier: dropPath?.mlp ?? null }); // (E12)

  return { out: y.out, saved: { norm1: n1.saved, attn: a.saved, mid: u.saved, norm2: n2.saved, mlp: f.saved, sum: y.saved } };
}

function vjp(k: Kernels, saved: BlockSaved, dy: Tensor): Grads<Layer<BlockParams>> {
  const dSum = part.sum.vjp(k, saved.sum, dy); //                      (E12)
  const dMlp = part.mlp.vjp(k, saved.mlp, dSum.branch);
  const dNorm2 = part.norm2.vjp(k, saved.norm2, dMlp.x);
  const du = k.add(dSum.x, dNorm2.x); //                          u is used twice

  const dMid = part.mid.vjp(k, saved.mid, du); //                      (E11)
  const dAttn = part.attn.vjp(k, saved.attn, dMid.branch);
  const dNorm1 = part.norm1.vjp(k, saved.norm1, dAttn.x);
  const dx = k.add(dMid.x, dNorm1.x); //                          x is used twice

  return { x: dx, params: { norm1: dNorm1.params, attn: dAttn.params, norm2: dNorm2.params, mlp: dMlp.params } };
}

/** [B, T, D] → [B, T, D] */
export const block: Op<Layer<BlockParams>, BlockSaved, BlockAttrs> = defineOp({
  name: "block",
  shapes: { inputs: { x: "B T D" }, out: "B T D" },
  forward,
  vjp,
});
