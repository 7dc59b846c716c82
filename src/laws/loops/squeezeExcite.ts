/** Squeeze-excite and the functions in it as loops over numbers (deit.md 8.1, G21). No kernel and no op is used here. */
import type { HostArray } from "../../check/host.ts";
import { at, sum, tabulate } from "./matrix.ts";

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

function layer(x: HostArray, { weight, bias }: LayerParams): HostArray {
  const [B = 0, I = 0] = x.shape;
  return tabulate([B, bias.shape[0] ?? 0], (b = 0, o = 0) => sum(I, (i) => at(weight, o, i, 0, 0) * at(x, b, i)) + at(bias, o));
}

/** x̄ of a layer: ȳ W. */
function layerGrad(dy: HostArray, { weight }: LayerParams): HostArray {
  const [B = 0, O = 0] = dy.shape;
  return tabulate([B, weight.shape[1] ?? 0], (b = 0, i = 0) => sum(O, (o) => at(dy, b, o) * at(weight, o, i, 0, 0)));
}

export interface Excited {
  readonly y: HostArray;
  /** What the ReLU inside is given, W₁ m + b₁. */
  readonly squeezed: HostArray;
}

/** y = x g, g = sigmoid(W₂ relu(W₁ m + b₁) + b₂), m = mean_HW(x). */
export function excited(x: HostArray, { fc1, fc2 }: SqueezeParams): Excited {
  const squeezed = layer(pooled(x), fc1);
  const g = gates(layer(rectified(squeezed), fc2));
  return { y: tabulate(x.shape, (b = 0, c = 0, i = 0, j = 0) => at(x, b, c, i, j) * at(g, b, c)), squeezed };
}

/** (G21) x̄ = ȳ g + m̄/(HW), ḡ = Σ_HW ȳ x. */
export function excitedGrad(x: HostArray, { fc1, fc2 }: SqueezeParams, dy: HostArray): HostArray {
  const [B = 0, C = 0, H = 0, W = 0] = x.shape;
  const squeezed = layer(pooled(x), fc1);
  const u = layer(rectified(squeezed), fc2);
  const g = gates(u);
  const dg = tabulate([B, C], (b = 0, c = 0) => sum(H, (i) => sum(W, (j) => at(dy, b, c, i, j) * at(x, b, c, i, j))));
  const dSqueezed = rectifiedGrad(squeezed, layerGrad(gatesGrad(u, dg), fc2));
  const dm = pooledGrad(layerGrad(dSqueezed, fc1), H, W);
  return tabulate(x.shape, (b = 0, c = 0, i = 0, j = 0) => at(dy, b, c, i, j) * at(g, b, c) + at(dm, b, c, i, j));
}
