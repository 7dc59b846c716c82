/**
 * From images to the first block by loops, with g patches per side and P prefix tokens.
 *
 *   (E1)   U[b, i·g + j, c·p² + r·p + s] = img[b, c, i·p + r, j·p + s]      E = U · reshape(Wp, D, C·p²)ᵀ + bp
 *   (E2)   plain: X₀ = [cls; E] + pos            (E3)  distilled: X₀ = [cls; dist; E] + pos
 *   (E34)  pos[t, 2i] = sin(t·10000^(−2i/D))     pos[t, 2i+1] = cos(t·10000^(−2i/D))
 *
 *   (G16)  pos̄ = Σ_b X̄₀      cls̄ = Σ_b X̄₀[:, 0]      dist̄ = Σ_b X̄₀[:, 1]      Ē = X̄₀[:, P:]
 *   (G18)  Ū = Ē Wp           W̄p = Σ Ēᵀ U             b̄p = Σ Ē                 imḡ[b, c, i·p + r, j·p + s] = Ū[b, i·g + j, c·p² + r·p + s]
 */
import type { Host, HostArray } from "../../check/host.ts";
import type { EmbedInputs, EmbedParams } from "../../model/embed.ts";
import type { PatchEmbedInputs } from "../../model/patchEmbed.ts";
import { axis } from "../../tensor/tensor.ts";
import { linear, linearVjp } from "./linear.ts";
import { at, sum, tabulate } from "./matrix.ts";
import { reshaped } from "./rows.ts";

/** U of (E1): the six indices in this order are row-major both as [B, g, g, C, p, p] and as [B, N, C·p²]. */
export function patches(images: HostArray, p: number): HostArray {
  const [B = 0, C = 0, S = 0] = images.shape;
  const g = S / p;
  const u = tabulate([B, g, g, C, p, p], (b, i, j, c, r, s) => at(images, b, c, i * p + r, j * p + s));
  return reshaped(u, [B, g * g, C * p * p]);
}

/** imḡ of (G18). */
function unpatched(dU: HostArray, [B = 0, C = 0, S = 0]: readonly number[], p: number): HostArray {
  const g = S / p;
  return tabulate([B, C, S, S], (b, c, y, x) => {
    const [i, r, j, s] = [Math.floor(y / p), y % p, Math.floor(x / p), x % p];
    return at(dU, b, i * g + j, c * p * p + r * p + s);
  });
}

const asMatrix = (Wp: HostArray): HostArray => reshaped(Wp, [axis(Wp.shape, 0), Wp.data.length / axis(Wp.shape, 0)]);

/** E of (E1). */
export function patchEmbed({ images, params: { proj } }: Host<PatchEmbedInputs>, p: number): HostArray {
  return linear(patches(images, p), { weight: asMatrix(proj.weight), bias: proj.bias });
}

/** (G18) */
export function patchEmbedVjp({ images, params }: Host<PatchEmbedInputs>, p: number, dE: HostArray): Host<PatchEmbedInputs> {
  const { weight, bias } = params.proj;
  const d = linearVjp(patches(images, p), { weight: asMatrix(weight), bias }, dE);
  const proj = { weight: reshaped(d.params.weight, weight.shape), bias: d.params.bias };
  return { images: unpatched(d.x, images.shape, p), params: { proj } };
}

/** [cls; E] or [cls; dist; E]. */
export function prefixTokens(patches: HostArray, tokens: readonly HostArray[]): HostArray {
  const [B = 0, N = 0, D = 0] = patches.shape;
  return tabulate([B, tokens.length + N, D], (b, t, c) => {
    const token = tokens[t];
    return token === undefined ? at(patches, b, t - tokens.length, c) : at(token, 0, 0, c);
  });
}

/** X + pos */
export const addPosition = (x: HostArray, pos: HostArray): HostArray => tabulate(x.shape, (b, t, c) => at(x, b, t, c) + at(pos, 0, t, c));

const tokensOf = ({ cls_token, dist_token }: Host<EmbedParams>): readonly HostArray[] =>
  dist_token === null ? [cls_token] : [cls_token, dist_token];

/** (E2), (E3); `fixed`: the positions of a model without learned ones. */
export function embed({ patches, params }: Host<EmbedInputs>, fixed: HostArray | null): HostArray {
  const x = prefixTokens(patches, tokensOf(params));
  const pos = params.pos_embed ?? fixed;
  return pos === null ? x : addPosition(x, pos);
}

/** (G16) */
export function embedVjp({ patches, params }: Host<EmbedInputs>, dX0: HostArray): Host<EmbedInputs> {
  const [B = 0, T = 0, D = 0] = dX0.shape;
  const row = (t: number): HostArray => tabulate([1, 1, D], (_, _1, c) => sum(B, (b) => at(dX0, b, t, c)));
  return {
    patches: tabulate(patches.shape, (b, n, c) => at(dX0, b, n + tokensOf(params).length, c)),
    params: {
      cls_token: row(0),
      dist_token: params.dist_token === null ? null : row(1),
      pos_embed: params.pos_embed === null ? null : tabulate([1, T, D], (_, t, c) => sum(B, (b) => at(dX0, b, t, c))),
    },
  };
}

/** (E34), [T, D]; D even. */
export const sineCosine = (T: number, D: number): HostArray =>
  reshaped(
    tabulate([T, D / 2, 2], (t, i, odd) => {
      const angle = t / 10000 ** ((2 * i) / D);
      return odd === 1 ? Math.cos(angle) : Math.sin(angle);
    }),
    [T, D],
  );
