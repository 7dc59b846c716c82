/**
 * The student's images as a teacher takes them: of another size, and normalised by other statistics. Both are computed on the engine, from the batch
 * that the student gets, after mixing (deit.md 7.6), so that both see the same view.
 *
 *          Y = R X Rᵀ per channel                                      R of (E16), (E17)
 *          y = a x + b      a = σ_s/σ_t      b = (μ_s − μ_t)/σ_t       from x σ_s + μ_s, then (… − μ_t)/σ_t
 *
 * R is that of the position embedding: cubic convolution without antialiasing, which for images is torch.nn.functional.interpolate(mode="bicubic",
 * align_corners=False). Its rows sum to 1, so the two may come in either order.
 */
import type { Normalisation } from "../../data/normalise.ts";
import type { Kernels } from "../../kernels/kernels.ts";
import { resizeMatrix } from "../../ops/positionResize.ts";
import { axis, type Tensor } from "../../tensor/tensor.ts";

/** How images are made for a network. */
export interface View {
  /** S, in pixels. */
  readonly side: number;
  readonly normalisation: Normalisation;
}

/** X, [n, S, S] → (X Rᵀ)ᵀ, [n, m, S]: resized along the last axis, which then comes first. */
function resizedAlongRows(k: Kernels, x: Tensor, R: Tensor): Tensor {
  const [n = 0, rows = 0, columns = 0] = x.shape;
  const out = k.matmul(k.reshape(x, [n * rows, columns]), R, { tb: true });
  return k.permute(k.reshape(out, [n, rows, axis(R.shape, 0)]), [0, 2, 1]);
}

/** Images [B, C, S, S] → [B, C, m, m]; the images themselves for m = S. */
export function resizedImages(k: Kernels, images: Tensor, side: number): Tensor {
  const [B = 0, C = 0, S = 0] = images.shape;
  if (side === S) return images;
  return k.region("resize", () => {
    const R = k.upload([side, S], resizeMatrix(S, side));
    const out = resizedAlongRows(k, resizedAlongRows(k, k.reshape(images, [B * C, S, S]), R), R);
    return k.reshape(out, [B, C, side, side]);
  });
}

/** Normalised images [B, C, S, S], normalised by other statistics; the images themselves for the same. */
export function renormalised(k: Kernels, images: Tensor, from: Normalisation, to: Normalisation): Tensor {
  const scale = from.std.map((std, c) => std / (to.std[c] ?? NaN));
  const shift = from.mean.map((mean, c) => (mean - (to.mean[c] ?? NaN)) / (to.std[c] ?? NaN));
  if (scale.every((a) => a === 1) && shift.every((b) => b === 0)) return images;
  const [B = 0, C = 0, H = 0, W = 0] = images.shape;
  const perChannel = (values: readonly number[]): Tensor => k.expandLeading(k.upload([C, 1], values), B);
  return k.region("renormalise", () => {
    const x = k.reshape(images, [B, C, H * W]);
    return k.reshape(k.add(k.mul(x, perChannel(scale)), perChannel(shift)), images.shape);
  });
}

/** The student's images as the teacher takes them. The caller keeps `images`; the result may be the same tensor. */
export function seenBy(k: Kernels, images: Tensor, student: View, teacher: View): Tensor {
  const resized = resizedImages(k, images, teacher.side);
  const seen = renormalised(k, resized, student.normalisation, teacher.normalisation);
  if (resized !== images && resized !== seen) k.donate(resized);
  return seen;
}
