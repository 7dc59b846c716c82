/**
 * Softmax by loops, for each row n of all leading axes; exponents are moderate in the laws, so those of σ are not shifted.
 *
 *          s_ni = exp(z_ni) / Σ_l exp(z_nl)
 *   (E18)  ℓ_ni = z_ni − max_l z_nl − log Σ_l exp(z_nl − max_l z_nl)
 *
 *   (G2)   z̄_ni = s_ni (s̄_ni − Σ_l s̄_nl s_nl)
 */
import type { HostArray } from "../../check/host.ts";
import { at, sum, tabulate } from "./matrix.ts";
import { asRows, reshaped } from "./rows.ts";

/** [..., K] → [..., K] */
export function softmax(z: HostArray): HostArray {
  const Z = asRows(z);
  const [, K = 0] = Z.shape;
  const s = tabulate(Z.shape, (n, i) => Math.exp(at(Z, n, i)) / sum(K, (l) => Math.exp(at(Z, n, l))));
  return reshaped(s, z.shape);
}

/** [..., K] → [..., K] */
export function logSoftmax(z: HostArray): HostArray {
  const Z = asRows(z);
  const [, K = 0] = Z.shape;
  const most = (n: number): number => Math.max(...Array.from({ length: K }, (_, l) => at(Z, n, l)));
  const logProbs = tabulate(Z.shape, (n, i) => at(Z, n, i) - most(n) - Math.log(sum(K, (l) => Math.exp(at(Z, n, l) - most(n)))));
  return reshaped(logProbs, z.shape);
}

/** (G2), from the output s. */
export function softmaxPullback(s: HostArray, ds: HostArray): HostArray {
  const [S, dS] = [asRows(s), asRows(ds)];
  const [, K = 0] = S.shape;
  const dZ = tabulate(S.shape, (n, i) => at(S, n, i) * (at(dS, n, i) - sum(K, (l) => at(dS, n, l) * at(S, n, l))));
  return reshaped(dZ, s.shape);
}
