/**
 * Targets from labels: a share ε of the mass is spread over the classes. ε = 0 gives one-hot rows.
 *
 *   (E20)  code    q_k = ε/K for k ≠ y,        q_y = 1 − ε + ε/K       over all K classes; the default
 *   (E21)  paper   q_k = ε/(K − 1) for k ≠ y,  q_y = 1 − ε             over the other K − 1
 *
 * The gradient of a loss on such a target is cross-entropy's with this q (G5).
 */
import type { Kernels } from "../kernels/kernels.ts";
import type { Tensor } from "../tensor/tensor.ts";

function spread(k: Kernels, labels: Tensor, classes: number, on: number, off: number): Tensor {
  return k.addScalar(k.scale(k.oneHot(labels, classes), on - off), off);
}

function checkShare(eps: number): void {
  if (!(eps >= 0 && eps < 1)) throw new RangeError(`label smoothing must be in [0, 1), got ${eps}`);
}

/** Labels [B] → q [B, K] of (E20). */
export function smoothOverAll(k: Kernels, labels: Tensor, classes: number, eps: number): Tensor {
  checkShare(eps);
  return spread(k, labels, classes, 1 - eps + eps / classes, eps / classes); //   (E20)
}

/** Labels [B] → q [B, K] of (E21). */
export function smoothOverOthers(k: Kernels, labels: Tensor, classes: number, eps: number): Tensor {
  checkShare(eps);
  return spread(k, labels, classes, 1 - eps, eps / (classes - 1)); //             (E21)
}
