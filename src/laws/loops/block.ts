/**
 * The encoder block by loops; m is the drop-path multiplier of each sample.
 *
 *   (E11)  X′ = X + m₁ MSA(LN₁(X))
 *   (E12)  X⁺ = X′ + m₂ FFN(LN₂(X′))
 *
 *   (G14)  X⁺ = X + m F(X):  X̄ = X̄⁺ + F-backward(m X̄⁺)
 */
import type { Host, HostArray } from "../../check/host.ts";
import type { BlockParams } from "../../model/block.ts";
import type { Multipliers } from "../../ops/dropPath.ts";
import type { Layer } from "../../ops/op.ts";
import { mlp, mlpVjp, type MlpMasks } from "./feedForward.ts";
import { at } from "./matrix.ts";
import { layerNorm, layerNormVjp } from "./norm.ts";
import { paired } from "./rows.ts";
import { selfAttention, selfAttentionVjp, type SelfAttentionMasks } from "./selfAttention.ts";

const add = (a: HostArray, b: HostArray): HostArray => paired(a, b, (x, y) => x + y);

/** m_b times all of sample b; null: all ones. */
export function perSample(multiplier: HostArray | null, x: HostArray): HostArray {
  const [B = 0] = x.shape;
  const length = x.data.length / B;
  return multiplier === null ? x : { shape: x.shape, data: x.data.map((value, i) => at(multiplier, Math.floor(i / length)) * value) };
}

/** X + m branch */
export const residual = (x: HostArray, branch: HostArray, multiplier: HostArray | null): HostArray => add(x, perSample(multiplier, branch));

export interface BlockSettings {
  readonly eps: number;
  readonly heads: number;
  readonly dropPath: Host<Multipliers> | null;
}

/** The dropout masks of both branches. */
export interface BlockMasks {
  readonly attn: SelfAttentionMasks;
  readonly mlp: MlpMasks;
}

/** X′ of (E11) and X⁺ of (E12). */
export function block(
  { x, params }: Host<Layer<BlockParams>>,
  { eps, heads, dropPath }: BlockSettings,
  masks?: BlockMasks,
): { readonly mid: HostArray; readonly out: HostArray } {
  const a = selfAttention(layerNorm(x, params.norm1, eps), params.attn, heads, masks?.attn);
  const mid = residual(x, a, dropPath?.attn ?? null);
  const f = mlp(layerNorm(mid, params.norm2, eps), params.mlp, masks?.mlp);
  return { mid, out: residual(mid, f, dropPath?.mlp ?? null) };
}

/** (G14), twice. */
export function blockVjp(
  { x, params }: Host<Layer<BlockParams>>,
  { eps, heads, dropPath }: BlockSettings,
  dOut: HostArray,
): Host<Layer<BlockParams>> {
  const { mid } = block({ x, params }, { eps, heads, dropPath });
  const dMlp = mlpVjp(layerNorm(mid, params.norm2, eps), params.mlp, perSample(dropPath?.mlp ?? null, dOut));
  const dNorm2 = layerNormVjp(mid, params.norm2, eps, dMlp.x);
  const dMid = add(dOut, dNorm2.x);
  const dAttn = selfAttentionVjp(layerNorm(x, params.norm1, eps), params.attn, heads, perSample(dropPath?.attn ?? null, dMid));
  const dNorm1 = layerNormVjp(x, params.norm1, eps, dAttn.x);
  return { x: add(dMid, dNorm1.x), params: { norm1: dNorm1.params, attn: dAttn.params, norm2: dNorm2.params, mlp: dMlp.params } };
}
