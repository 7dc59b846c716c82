/**
 * Layer normalisation by loops, for each row n of batch and tokens.
 *
 *   (E4)   μ_n = 1/D Σ_j x_nj      v_n = 1/D Σ_j (x_nj − μ_n)²      r_n = (v_n + ε)^(−½)
 *          x̂_nj = (x_nj − μ_n) r_n                                  y_nj = γ_j x̂_nj + β_j
 *
 *   (G10)  h_nj = ȳ_nj γ_j         x̄_nj = r_n (h_nj − 1/D Σ_l h_nl − x̂_nj 1/D Σ_l h_nl x̂_nl)
 *          γ̄_j = Σ_n ȳ_nj x̂_nj     β̄_j = Σ_n ȳ_nj
 */
import type { Host, HostArray } from "../../check/host.ts";
import type { LayerNormParams } from "../../ops/layerNorm.ts";
import type { Layer } from "../../ops/op.ts";
import { at, sum, tabulate } from "./matrix.ts";
import { asRows, reshaped } from "./rows.ts";

/** x̂ [rows, D] and r [rows]. */
export function normalised(x: HostArray, eps: number): { readonly xHat: HostArray; readonly r: HostArray } {
  const X = asRows(x);
  const [rows = 0, D = 0] = X.shape;
  const mu = tabulate([rows], (n) => sum(D, (j) => at(X, n, j)) / D);
  const v = tabulate([rows], (n) => sum(D, (j) => (at(X, n, j) - at(mu, n)) ** 2) / D);
  const r = tabulate([rows], (n) => 1 / Math.sqrt(at(v, n) + eps));
  return { xHat: tabulate([rows, D], (n, j) => (at(X, n, j) - at(mu, n)) * at(r, n)), r };
}

/** [..., D] → [..., D] */
export function layerNorm(x: HostArray, { weight: gamma, bias: beta }: Host<LayerNormParams>, eps: number): HostArray {
  const { xHat } = normalised(x, eps);
  return reshaped(
    tabulate(xHat.shape, (n, j) => at(gamma, j) * at(xHat, n, j) + at(beta, j)),
    x.shape,
  );
}

/** (G10) */
export function layerNormVjp(
  x: HostArray,
  { weight: gamma }: Host<LayerNormParams>,
  eps: number,
  dy: HostArray,
): Host<Layer<LayerNormParams>> {
  const { xHat, r } = normalised(x, eps);
  const [rows = 0, D = 0] = xHat.shape;
  const dY = asRows(dy);
  const h = tabulate([rows, D], (n, j) => at(dY, n, j) * at(gamma, j));
  const meanH = tabulate([rows], (n) => sum(D, (l) => at(h, n, l)) / D);
  const meanHXHat = tabulate([rows], (n) => sum(D, (l) => at(h, n, l) * at(xHat, n, l)) / D);
  const dX = tabulate([rows, D], (n, j) => at(r, n) * (at(h, n, j) - at(meanH, n) - at(xHat, n, j) * at(meanHXHat, n)));
  const dGamma = tabulate([D], (j) => sum(rows, (n) => at(dY, n, j) * at(xHat, n, j)));
  const dBeta = tabulate([D], (j) => sum(rows, (n) => at(dY, n, j)));
  return { x: reshaped(dX, x.shape), params: { weight: dGamma, bias: dBeta } };
}
