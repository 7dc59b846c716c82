/** Squeeze-excite and its functions as loops over numbers (deit.md 8.1, G21), without kernels and ops. */
import type { HostArray } from "../../check/host.ts";
import { linear, linearVjp } from "./linear.ts";
import { at, sum, tabulate } from "./matrix.ts";
import { reshaped } from "./rows.ts";

const map = ({ shape, data }: HostArray, f: (x: number, i: number) => number): HostArray => ({ shape, data: data.map(f) });

/** max(x, 0) */
export const rectified = (x: HostArray): HostArray => map(x, (v) => Math.max(v, 0));

/** ȳ where x > 0, else 0. */
export const rectifiedGrad = (x: HostArray, dy: HostArray): HostArray => map(dy, (d, i) => ((x.data[i] ?? NaN) > 0 ? d : 0));

const logistic = (u: number): number => 1 / (1 + Math.exp(-u));

export const gates = (u: HostArray): HostArray => map(u, logistic);

/** ū = ḡ g(1 − g), with 1 − g = 1/(1 + exp u). */
export const gatesGrad = (u: HostArray, dg: HostArray): HostArray =>
  map(dg, (d, i) => d * logistic(u.data[i] ?? NaN) * logistic(-(u.data[i] ?? NaN)));

/** m[b,c] = mean_HW(x) */
export function pooled(x: HostArray): HostArray {
  const [B = 0, C = 0, H = 0, W = 0] = x.shape;
  return tabulate([B, C], (b = 0, c = 0) => sum(H, (i) => sum(W, (j) => at(x, b, c, i, j))) / (H * W));
}

/** x̄[b,c,i,j] = m̄[b,c]/(HW) */
export function pooledGrad(dm: HostArray, rows: number, columns: number): HostArray {
  const [B = 0, C = 0] = dm.shape;
  return tabulate([B, C, rows, columns], (b = 0, c = 0) => at(dm, b, c) / (rows * columns));
}

interface LayerParams {
  /** [O, I, 1, 1] */
  readonly weight: HostArray;
  /** [O] */
  readonly bias: HostArray;
}

export interface SqueezeParams {
  readonly fc1: LayerParams;
  readonly fc2: LayerParams;
}

/** [O, I, 1, 1] → [O, I] */
const flat = ({ weight, bias }: LayerParams): LayerParams => ({ weight: reshaped(weight, weight.shape.slice(0, 2)), bias });

/** [O, I] → [O, I, 1, 1] */
const stored = ({ weight, bias }: LayerParams): LayerParams => ({ weight: reshaped(weight, [...weight.shape, 1, 1]), bias });

export interface Excited {
  readonly y: HostArray;
  /** The input of the ReLU, W₁ m + b₁. */
  readonly squeezed: HostArray;
}

/** y = x g, g = sigmoid(W₂ relu(W₁ m + b₁) + b₂), m = mean_HW(x). */
export function excited(x: HostArray, { fc1, fc2 }: SqueezeParams): Excited {
  const squeezed = linear(pooled(x), flat(fc1));
  const g = gates(linear(rectified(squeezed), flat(fc2)));
  return { y: tabulate(x.shape, (b = 0, c = 0, i = 0, j = 0) => at(x, b, c, i, j) * at(g, b, c)), squeezed };
}

/** (G21) x̄ = ȳ g + m̄/(HW), ḡ = Σ_HW ȳ x; the gradients of both layers by (G1). */
export function excitedVjp(
  x: HostArray,
  { fc1, fc2 }: SqueezeParams,
  dy: HostArray,
): { readonly x: HostArray; readonly params: SqueezeParams } {
  const [B = 0, C = 0, H = 0, W = 0] = x.shape;
  const m = pooled(x);
  const squeezed = linear(m, flat(fc1));
  const active = rectified(squeezed);
  const u = linear(active, flat(fc2));
  const g = gates(u);
  const dg = tabulate([B, C], (b = 0, c = 0) => sum(H, (i) => sum(W, (j) => at(dy, b, c, i, j) * at(x, b, c, i, j))));
  const dFc2 = linearVjp(active, flat(fc2), gatesGrad(u, dg));
  const dFc1 = linearVjp(m, flat(fc1), rectifiedGrad(squeezed, dFc2.x));
  const dm = pooledGrad(dFc1.x, H, W);
  const dx = tabulate(x.shape, (b = 0, c = 0, i = 0, j = 0) => at(dy, b, c, i, j) * at(g, b, c) + at(dm, b, c, i, j));
  return { x: dx, params: { fc1: stored(dFc1.params), fc2: stored(dFc2.params) } };
}
