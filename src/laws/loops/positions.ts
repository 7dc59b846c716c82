/**
 * Resampling of the position embedding by loops: n inputs along a side, m outputs i, taps j.
 *
 *   (E16)  u = (n/m)(i + ½) − ½ = (n(2i + 1) − m)/(2m)      f = floor(u)      t = u − f
 *   (E17)  k₁(x) = (a+2)x³ − (a+3)x² + 1                     0 ≤ x ≤ 1
 *          k₂(x) = a x³ − 5a x² + 8a x − 4a                  1 ≤ x ≤ 2
 *          R[i, clamp(f−1+j, 0, n−1)] += k₂(t+1), k₁(t), k₁(1−t), k₂(2−t)
 *
 *          timm: c = (n/m)(i + ½), σ = max(n/m, 1), w = 2σ, taps trunc(c−w+½) … trunc(c+w+½) − 1 inside the map,
 *          weights k((j − c + ½)/σ) with a = −½, divided by their sum
 *
 *          bilinear: R[i, j] = max(0, 1 − |j − u|), u clamped to 0 … n − 1          nearest: R[i, j] = 1 where jm ≤ in < (j + 1)m
 *
 *   (G19)  Y[i, j] = Σ_rs R[i, r] X[r, s] R′[j, s]          X̄[r, s] = Σ_ij R[i, r] Ȳ[i, j] R′[j, s]          prefix rows unchanged
 */
import type { HostArray } from "../../check/host.ts";
import type { Grid, PositionResizeAttrs, Resampling } from "../../ops/positionResize.ts";
import { axis } from "../../tensor/tensor.ts";
import { at, sum, tabulate } from "./matrix.ts";

/** f and t of (E16), as a quotient and its remainder in integers. */
export function phase(n: number, m: number, i: number): { readonly f: number; readonly t: number } {
  const numerator = n * (2 * i + 1) - m;
  const f = Math.floor(numerator / (2 * m));
  return { f, t: (numerator - 2 * m * f) / (2 * m) };
}

/** 0 ≤ x ≤ 1 */
const k1 = (x: number, a: number): number => (a + 2) * x ** 3 - (a + 3) * x ** 2 + 1;
/** 1 ≤ x ≤ 2 */
const k2 = (x: number, a: number): number => a * x ** 3 - 5 * a * x ** 2 + 8 * a * x - 4 * a;

/** Weights of the taps f−1 … f+2 (E17), a = −¾. */
export function tapWeights(t: number): readonly number[] {
  const a = -3 / 4;
  return [k2(t + 1, a), k1(t, a), k1(1 - t, a), k2(2 - t, a)];
}

const clamp = (tap: number, n: number): number => Math.min(Math.max(tap, 0), n - 1);

/** DeiT's R, [m, n]: the weights of taps that are clamped to the same input add up. */
function deitMatrix(n: number, m: number): HostArray {
  return tabulate([m, n], (i, column) => {
    const { f, t } = phase(n, m, i);
    return tapWeights(t).reduce((total, weight, j) => total + (clamp(f - 1 + j, n) === column ? weight : 0), 0);
  });
}

/** timm's R, [m, n]: taps outside the grid are dropped, and the other weights are divided by their sum. */
function timmMatrix(n: number, m: number): HostArray {
  const a = -1 / 2;
  const sigma = Math.max(n / m, 1);
  const weight = (i: number, j: number): number => {
    const c = (n * (2 * i + 1)) / (2 * m);
    const inside = j >= Math.trunc(c - 2 * sigma + 1 / 2) && j < Math.trunc(c + 2 * sigma + 1 / 2);
    const x = Math.abs(j - c + 1 / 2) / sigma;
    return inside ? (x <= 1 ? k1(x, a) : k2(x, a)) : 0;
  };
  return tabulate([m, n], (i, j) => weight(i, j) / sum(n, (l) => weight(i, l)));
}

/** The linear interpolation's R, [m, n]. */
function bilinearMatrix(n: number, m: number): HostArray {
  return tabulate([m, n], (i, j) => {
    const { f, t } = phase(n, m, i);
    const u = Math.min(Math.max(f + t, 0), n - 1);
    return Math.max(0, 1 - Math.abs(j - u));
  });
}

/** R of the nearest neighbour, [m, n]. */
const nearestMatrix = (n: number, m: number): HostArray => tabulate([m, n], (i, j) => (j * m <= i * n && i * n < (j + 1) * m ? 1 : 0));

const matrixBy: { readonly [R in Resampling]: (n: number, m: number) => HostArray } = {
  deit: deitMatrix,
  timm: timmMatrix,
  bilinear: bilinearMatrix,
  nearest: nearestMatrix,
};

/** R, [m, n]. */
export const resizeMatrix = (n: number, m: number, resampling: Resampling = "deit"): HostArray => matrixBy[resampling](n, m);

/** R for the rows and R′ for the columns. */
function matrices({ from, to, resampling }: PositionResizeAttrs): readonly [HostArray, HostArray] {
  const along = (side: 0 | 1): HostArray => resizeMatrix(from[side], to[side], resampling);
  return [along(0), along(1)];
}

/** The row and column in the grid of token t of an embedding [1, P + rows·columns, D]. */
const place = (t: number, prefix: number, [, columns]: Grid): readonly [number, number] => {
  const patch = t - prefix;
  return [Math.floor(patch / columns), patch % columns];
};

/** R X R′ᵀ per channel, [1, P + N, D] → [1, P + M, D]. */
export function positionResize(pos: HostArray, attrs: PositionResizeAttrs): HostArray {
  const { from, to, prefix } = attrs;
  const [R, C] = matrices(attrs);
  return tabulate([1, prefix + to[0] * to[1], axis(pos.shape, 2)], (_, token, c) => {
    if (token < prefix) return at(pos, 0, token, c);
    const [i, j] = place(token, prefix, to);
    return sum(from[0], (r) => sum(from[1], (s) => at(R, i, r) * at(pos, 0, prefix + r * from[1] + s, c) * at(C, j, s)));
  });
}

const norm = (x: HostArray, token: number): number => Math.sqrt(sum(axis(x.shape, 2), (c) => at(x, 0, token, c) ** 2));

/** R X R′ᵀ per channel, each vector of a patch scaled to the norm that R and R′ make of the norms of X, or to 0 where that is negative. */
export function positionResizeWithNorms(pos: HostArray, attrs: PositionResizeAttrs): HostArray {
  const norms = positionResize(
    tabulate([1, axis(pos.shape, 1), 1], (_, token) => norm(pos, token)),
    attrs,
  );
  const resized = positionResize(pos, attrs);
  return tabulate(resized.shape, (_, token, c) => {
    const length = norm(resized, token);
    if (token < attrs.prefix || length === 0) return at(resized, 0, token, c);
    return (at(resized, 0, token, c) * Math.max(0, at(norms, 0, token, 0))) / length;
  });
}

/** (G19) */
export function positionResizeVjp(dY: HostArray, attrs: PositionResizeAttrs): HostArray {
  const { from, to, prefix } = attrs;
  const [R, C] = matrices(attrs);
  return tabulate([1, prefix + from[0] * from[1], axis(dY.shape, 2)], (_, token, c) => {
    if (token < prefix) return at(dY, 0, token, c);
    const [r, s] = place(token, prefix, from);
    return sum(to[0], (i) => sum(to[1], (j) => at(R, i, r) * at(dY, 0, prefix + i * to[1] + j, c) * at(C, j, s)));
  });
}

/** 14 → 24, exactly (deit.md section 12): f and the four weights, as fractions, of the first six phases. */
const PRINTED: readonly (readonly [f: number, ...weights: readonly (readonly [numerator: number, denominator: number])[]])[] = [
  [-1, [-475, 18432], [11615, 55296], [50521, 55296], [-1805, 18432]],
  [0, [-225, 2048], [1535, 2048], [873, 2048], [-135, 2048]],
  [0, [-23, 18432], [1867, 55296], [55085, 55296], [-529, 18432]],
  [1, [-1573, 18432], [29777, 55296], [35815, 55296], [-1859, 18432]],
  [2, [-147, 2048], [1981, 2048], [235, 2048], [-21, 2048]],
  [2, [-833, 18432], [17437, 55296], [46427, 55296], [-2023, 18432]],
];

/** f of the phases 6 … 11, whose weights are those of 5 … 0 in reverse. */
const MIRRORED_F = [3, 3, 4, 5, 5, 6] as const;

/** The number of phases in a period, and of the inputs that it spans. */
const [PERIOD, SPAN] = [12, 7] as const;

/** f and weights of output i of 14 → 24, as printed. */
export function printedTaps(i: number): { readonly f: number; readonly weights: readonly number[] } {
  const [p, periods] = [i % PERIOD, Math.floor(i / PERIOD)];
  const mirrored = p >= PRINTED.length;
  const [f = NaN, ...fractions] = PRINTED[mirrored ? PERIOD - 1 - p : p] ?? [];
  const weights = fractions.map(([numerator, denominator]) => numerator / denominator);
  return {
    f: SPAN * periods + (mirrored ? (MIRRORED_F[p - PRINTED.length] ?? NaN) : f),
    weights: mirrored ? weights.toReversed() : weights,
  };
}
