/**
 * The whole network by loops: (E1); (E2) or (E3); L times (E11), (E12); then
 *
 *   (E13)  Z = LN_f(X_L), over all tokens
 *   (E14)  z_c = Z[:, 0] Wcᵀ + bc            (E15)  z_d = Z[:, 1] Wdᵀ + bd
 *
 *   (G17)  Z̄[:, 0] = z̄_c Wc                  Z̄[:, 1] = z̄_d Wd                  all other rows 0
 */
import type { Host, HostArray } from "../../check/host.ts";
import type { BlockParams } from "../../model/block.ts";
import type { DeitAttrs, DeitInputs } from "../../model/deit.ts";
import type { HeadsInputs, Logits } from "../../model/heads.ts";
import type { Multipliers } from "../../ops/dropPath.ts";
import type { Layer } from "../../ops/op.ts";
import { block, type BlockSettings } from "./block.ts";
import { embed, patchEmbed } from "./embedding.ts";
import { linear, linearVjp } from "./linear.ts";
import { at, tabulate } from "./matrix.ts";
import { layerNorm } from "./norm.ts";

/** Z[:, t], [B, D]. */
export function token(z: HostArray, t: number): HostArray {
  const [B = 0, , D = 0] = z.shape;
  return tabulate([B, D], (b, c) => at(z, b, t, c));
}

/** (E14), (E15) */
export const heads = ({ z, params: { head, head_dist } }: Host<HeadsInputs>): Host<Logits> => ({
  head: linear(token(z, 0), head),
  head_dist: head_dist === null ? null : linear(token(z, 1), head_dist),
});

/** (G17) */
export function headsVjp({ z, params }: Host<HeadsInputs>, dLogits: Host<Logits>): Host<HeadsInputs> {
  const cls = linearVjp(token(z, 0), params.head, dLogits.head);
  const dist = params.head_dist === null || dLogits.head_dist === null ? null : linearVjp(token(z, 1), params.head_dist, dLogits.head_dist);
  const dZ = tabulate(z.shape, (b, t, c) => {
    if (t === 0) return at(cls.x, b, c);
    return t === 1 && dist !== null ? at(dist.x, b, c) : 0;
  });
  return { z: dZ, params: { head: cls.params, head_dist: dist?.params ?? null } };
}

export interface EncoderSettings extends Omit<BlockSettings, "dropPath"> {
  readonly dropPath: readonly Host<Multipliers>[] | null;
}

/** (E11), (E12) for each block. */
export function encoder({ x, params }: Host<Layer<readonly BlockParams[]>>, settings: EncoderSettings): HostArray {
  let out = x;
  for (const [i, blockParams] of params.entries())
    out = block({ x: out, params: blockParams }, { ...settings, dropPath: settings.dropPath?.[i] ?? null }).out;
  return out;
}

/** Z of (E13) and the logits. */
export function deit(
  { images, params }: Host<DeitInputs>,
  { patchSize, fixedPosition, ...settings }: Host<DeitAttrs>,
): { readonly z: HostArray; readonly logits: Host<Logits> } {
  const patches = patchEmbed({ images, params: params.patch_embed }, patchSize);
  const x = encoder({ x: embed({ patches, params }, fixedPosition), params: params.blocks }, settings);
  const z = layerNorm(x, params.norm, settings.eps);
  return { z, logits: heads({ z, params }) };
}
