/** Random parameters without special values: gains are not 1, shifts and biases not 0. */
import type { Draw } from "../../check/draw.ts";
import type { Host, HostArray } from "../../check/host.ts";
import type { BlockParams } from "../../model/block.ts";
import type { DeitParams } from "../../model/deit.ts";
import type { MlpParams } from "../../model/mlp.ts";
import type { SelfAttentionParams } from "../../model/selfAttention.ts";
import type { Multipliers } from "../../ops/dropPath.ts";
import type { LayerNormParams } from "../../ops/layerNorm.ts";
import type { LinearParams } from "../../ops/linear.ts";

/** Standard deviation of weights and biases: at the widths of the laws, activations stay of order 1. */
const DEVIATION = 0.5;
/** The same for the layer of queries, keys and values: a sharper softmax would have gradients as small as its rounding errors. */
const DEVIATION_OF_QKV = 0.3;

/** W [O, I], b [O]. */
export const linearParams = (draw: Draw, O: number, I: number, deviation: number = DEVIATION): Host<LinearParams> => ({
  weight: draw.array([O, I], { deviation }),
  bias: draw.array([O], { deviation }),
});

/** γ, β, [D]. */
export const normParams = (draw: Draw, D: number): Host<LayerNormParams> => ({
  weight: draw.array([D], { mean: 1, deviation: DEVIATION }),
  bias: draw.array([D], { deviation: DEVIATION }),
});

export const attentionParams = (draw: Draw, D: number): Host<SelfAttentionParams> => ({
  qkv: linearParams(draw, 3 * D, D, DEVIATION_OF_QKV),
  proj: linearParams(draw, D, D),
});

export const mlpParams = (draw: Draw, D: number, M: number): Host<MlpParams> => ({
  fc1: linearParams(draw, M, D),
  fc2: linearParams(draw, D, M),
});

export const blockParams = (draw: Draw, D: number, M: number): Host<BlockParams> => ({
  norm1: normParams(draw, D),
  attn: attentionParams(draw, D),
  norm2: normParams(draw, D),
  mlp: mlpParams(draw, D, M),
});

/** Drop-path multipliers, [B]: the branch of a sample is dropped, kept, or scaled. */
export function multiplier(draw: Draw, B: number): HostArray {
  return { shape: [B], data: Float64Array.from({ length: B }, () => draw.round(draw.oneOf([0, 1, draw.real(1, 2), draw.real(0.2, 1)]))) };
}

/** The multipliers of both branches of a block. */
export const multipliers = (draw: Draw, B: number): Host<Multipliers> => ({ attn: multiplier(draw, B), mlp: multiplier(draw, B) });

/** [1, 1, D] */
export const tokenRow = (draw: Draw, D: number): HostArray => draw.array([1, 1, D]);

export interface DeitSizes {
  readonly C: number;
  readonly p: number;
  readonly N: number;
  readonly D: number;
  readonly M: number;
  readonly K: number;
  readonly L: number;
  readonly distilled: boolean;
  /** Whether positions are parameters. */
  readonly learned: boolean;
}

export function deitParams(draw: Draw, { C, p, N, D, M, K, L, distilled, learned }: DeitSizes): Host<DeitParams> {
  const proj = { weight: draw.array([D, C, p, p], { deviation: DEVIATION }), bias: draw.array([D], { deviation: DEVIATION }) };
  return {
    patch_embed: { proj },
    cls_token: tokenRow(draw, D),
    dist_token: distilled ? tokenRow(draw, D) : null,
    pos_embed: learned ? draw.array([1, N + (distilled ? 2 : 1), D]) : null,
    blocks: Array.from({ length: L }, () => blockParams(draw, D, M)),
    norm: normParams(draw, D),
    head: linearParams(draw, K, D),
    head_dist: distilled ? linearParams(draw, K, D) : null,
  };
}
