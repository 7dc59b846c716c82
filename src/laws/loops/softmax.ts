/**
 * Softmax and log-softmax by loops, for each row n of all leading axes. The oracles of attention and of the losses use these too.
 *
 *          s_ni = exp(z_ni − max_l z_nl) / Σ_l exp(z_nl − max_l z_nl)
 *   (E18)  ℓ_ni = z_ni − max_l z_nl − log Σ_l exp(z_nl − max_l z_nl)
 *
 *   (G2)   z̄_ni = s_ni (s̄_ni − Σ_l s̄_nl s_nl)
 */
import type { HostArray } from "../../check/host.ts";
import { axis } from "../../tensor/tensor.ts";
import { at, sum, tabulate } from "./matrix.ts";
import { asRows, reshaped } from "./rows.ts";

/** max_l z_nl, [rows]. */
const rowMaxima = (Z: HostArray): HostArray =>
  tabulate([axis(Z.shape, 0)], (n) => {
    let most = -Infinity;
    for (let l = 0; l < axis(Z.shape, 1); l++) most = Math.max(most, at(Z, n, l));
    return most;
  });

/** Σ_l exp(z_nl − max_l z_nl), [rows]. */
const rowSums = (Z: HostArray, most: HostArray): HostArray =>
  tabulate([axis(Z.shape, 0)], (n) => sum(axis(Z.shape, 1), (l) => Math.exp(at(Z, n, l) - at(most, n))));

/** [..., K] → [..., K] */
export function softmax(z: HostArray): HostArray {
  const Z = asRows(z);
  const most = rowMaxima(Z);
  const sums = rowSums(Z, most);
  const s = tabulate(Z.shape, (n, i) => Math.exp(at(Z, n, i) - at(most, n)) / at(sums, n));
  return reshaped(s, z.shape);
}

/** [..., K] → [..., K] */
export function logSoftmax(z: HostArray): HostArray {
  const Z = asRows(z);
  const most = rowMaxima(Z);
  const sums = rowSums(Z, most);
  const logProbs = tabulate(Z.shape, (n, i) => at(Z, n, i) - at(most, n) - Math.log(at(sums, n)));
  return reshaped(logProbs, z.shape);
}

/** (G2), from the output s. */
export function softmaxVjp(s: HostArray, ds: HostArray): HostArray {
  const [S, dS] = [asRows(s), asRows(ds)];
  const [, K = 0] = S.shape;
  const dZ = tabulate(S.shape, (n, i) => at(S, n, i) * (at(dS, n, i) - sum(K, (l) => at(dS, n, l) * at(S, n, l))));
  return reshaped(dZ, s.shape);
}
