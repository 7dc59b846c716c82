/**
 * The learned positions of a model for images of another size, by a choice of methods. Those of the prefix tokens are copied.
 *
 *   bicubic, bilinear, nearest     Y = R X R′ᵀ per channel                R by the method (ops/positionResize.ts)
 *   bicubic-norm, bilinear-norm    Z = max(r, 0)/‖Y‖ ⊙ Y                  r = R ‖X‖ R′ᵀ, where ‖·‖ is the norm of the vector of each place
 *
 * An average of vectors that have little in common is shorter than they are, so that bilinear interpolation shrinks the positions, which costs accuracy
 * before fine-tuning; the negative weights of the cubic kernel counteract (deit.md 1.9, 7.13). The variants that end in -norm show whether it is the
 * shrinking that costs: they give each vector the norm that the same weights make of the norms. The cubic kernel can make r negative where norms differ
 * a lot; such a vector becomes 0. A vector Y = 0 has no direction, and stays 0. Nearest copies vectors, and so keeps norms.
 *
 * There is no gradient: positions are resized once, before the training.
 */
import type { Kernels } from "../kernels/kernels.ts";
import { positionResize, type Grid, type Resampling } from "../ops/positionResize.ts";
import { axis, type Tensor } from "../tensor/tensor.ts";
import { prefixCount, type DeitConfig } from "./config.ts";

/** The methods; `bicubic` is DeiT's, the default. */
export const positionMethods = ["bicubic", "bilinear", "nearest", "bicubic-norm", "bilinear-norm"] as const;

/** How the position embedding is resized. */
export type PositionMethod = (typeof positionMethods)[number];

interface Method {
  readonly resampling: Resampling;
  /** Whether resized vectors get the resized norms. */
  readonly norms: boolean;
}

const methods: { readonly [M in PositionMethod]: Method } = {
  bicubic: { resampling: "deit", norms: false },
  bilinear: { resampling: "bilinear", norms: false },
  nearest: { resampling: "nearest", norms: false },
  "bicubic-norm": { resampling: "deit", norms: true },
  "bilinear-norm": { resampling: "bilinear", norms: true },
};

const gridOf = ({ imageSize: S, patchSize: p }: DeitConfig): Grid => [S / p, S / p];

/** ‖x‖ of each vector, [1, T, D] → [1, T, 1]. */
const normsOf = (k: Kernels, x: Tensor): Tensor => k.sqrt(k.sumLast(k.square(x)));

/** Y, [1, T, D], with the norms max(r, 0), [1, T, 1]; vectors of norm 0 stay 0. */
function withNorms(k: Kernels, y: Tensor, r: Tensor): Tensor {
  const [norms, zeros] = [normsOf(k, y), k.zeros(r.shape)];
  const wanted = k.where(k.step(r), r, zeros);
  return k.mul(k.where(norms, k.div(wanted, norms), zeros), y);
}

/**
 * The position embedding `pos`, [1, P + n², D], of the model `from` for the model `to`, which differs from it only in the size of its images:
 * [1, P + m², D]. The caller keeps `pos`.
 */
export function resizedPositions(k: Kernels, pos: Tensor, from: DeitConfig, to: DeitConfig, method: PositionMethod = "bicubic"): Tensor {
  const { resampling, norms } = methods[method];
  const prefix = prefixCount(from);
  const resized = (x: Tensor): Tensor =>
    positionResize.forward(k, { pos: x }, { from: gridOf(from), to: gridOf(to), prefix, resampling }).out;
  return k.region("resized positions", () => {
    const y = resized(pos);
    if (!norms) return y;
    const z = withNorms(k, y, resized(normsOf(k, pos)));
    return k.concat([k.slice(pos, 1, 0, prefix), k.slice(z, 1, prefix, axis(z.shape, 1))], 1);
  });
}
