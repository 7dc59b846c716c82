/**
 * Several teachers as one: its distribution is the mean of theirs, and its logits are the logarithm of that mean.
 *
 *          p_m = σ(z_m)        z_t = log( (1/M) Σ_m p_m )                       for teachers m = 1 … M
 *
 * As p underflows where its logarithm does not, the sum is taken with the largest ℓ_m = log p_m (E18) of each class as its unit:
 *
 *          t = max_m ℓ_m       z_t = t + log Σ_m exp(ℓ_m − t) − log M
 *
 * The teacher's logits are not differentiated, so there is no gradient.
 */
import type { Kernels } from "../kernels/kernels.ts";
import { logSoftmax } from "../ops/logSoftmax.ts";
import type { Tensor } from "../tensor/tensor.ts";

/**
 * Logits [B, K] of each teacher → z_t, [B, K], the logarithms of a distribution, in nats.
 *
 * @throws RangeError without teachers
 */
export function meanOfTeachers(k: Kernels, logits: readonly Tensor[]): Tensor {
  const M = logits.length;
  if (M === 0) throw new RangeError("meanOfTeachers: there must be at least one teacher");
  const columns = logits.map((z) => {
    const l = logSoftmax.forward(k, { z }).out;
    return k.reshape(l, [...l.shape, 1]);
  });
  const l = k.concat(columns, 2); //                                             [B, K, M]
  const t = k.maxLast(l);
  const sum = k.sumLast(k.exp(k.sub(l, t)));
  const [B = 0, K = 0] = l.shape;
  return k.reshape(k.addScalar(k.add(t, k.log(sum)), -Math.log(M)), [B, K]);
}
