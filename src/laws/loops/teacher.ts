/** The teacher's parts as loops over numbers and indices (deit.md 8.1, G20 to G22), without kernels and ops. */
import type { HostArray } from "../../check/host.ts";
import type { Shape } from "../../tensor/tensor.ts";
import { at, sum, tabulate } from "./matrix.ts";

export interface ConvSizes {
  readonly groups: number;
  readonly stride: number;
  readonly padding: number;
}

const lengths = ({ shape: [a = 0, b = 0, c = 0, d = 0] }: HostArray): readonly [number, number, number, number] => [a, b, c, d];

/** x[b, c, i, j], and 0 outside the image. */
function pixel(x: HostArray, b: number, c: number, i: number, j: number): number {
  const [, , H, W] = lengths(x);
  return i >= 0 && i < H && j >= 0 && j < W ? at(x, b, c, i, j) : 0;
}

/** y[b,o,i,j] = Σ_{c,r,t} W[o,c,r,t] x[b, c′, s·i + r − pad, s·j + t − pad], c′ = channel c of o's group. */
export function convolved(x: HostArray, weight: HostArray, { groups, stride: s, padding: pad }: ConvSizes): HostArray {
  const [B, , H, W] = lengths(x);
  const [O, I, side] = lengths(weight);
  const count = (length: number): number => Math.floor((length + 2 * pad - side) / s) + 1;
  return tabulate([B, O, count(H), count(W)], (b = 0, o = 0, i = 0, j = 0) => {
    const group = Math.floor(o / (O / groups));
    return sum(I, (c) =>
      sum(side, (r) => sum(side, (t) => at(weight, o, c, r, t) * pixel(x, b, group * I + c, s * i + r - pad, s * j + t - pad))),
    );
  });
}

/** (G22) W̄[o,c,r,t] = Σ_{b,i,j} ȳ[b,o,i,j] x[b, c′, s·i + r − pad, s·j + t − pad]; `shape` is W's. */
export function convWeightGrad(x: HostArray, dy: HostArray, shape: Shape, { groups, stride: s, padding: pad }: ConvSizes): HostArray {
  const [B, O, rows, columns] = lengths(dy);
  const I = shape[1] ?? 0;
  return tabulate(shape, (o = 0, c = 0, r = 0, t = 0) => {
    const group = Math.floor(o / (O / groups));
    return sum(B, (b) =>
      sum(rows, (i) => sum(columns, (j) => at(dy, b, o, i, j) * pixel(x, b, group * I + c, s * i + r - pad, s * j + t - pad))),
    );
  });
}

/** (G22) x̄[b,c′,m,n] = Σ ȳ[b,o,i,j] W[o,c,r,t] over all o of c′'s group and all i, j, r, t with s·i + r − pad = m, s·j + t − pad = n. */
export function convInputGrad(weight: HostArray, dy: HostArray, shape: Shape, { groups, stride: s, padding: pad }: ConvSizes): HostArray {
  const [, O, rows, columns] = lengths(dy);
  const [, I, side] = lengths(weight);
  return tabulate(shape, (b = 0, channel = 0, m = 0, n = 0) => {
    const [group, c] = [Math.floor(channel / I), channel % I];
    return sum(O / groups, (inGroup) => {
      const o = group * (O / groups) + inGroup;
      return sum(rows, (i) =>
        sum(columns, (j) => {
          const [r, t] = [m + pad - s * i, n + pad - s * j];
          return r >= 0 && r < side && t >= 0 && t < side ? at(dy, b, o, i, j) * at(weight, o, c, r, t) : 0;
        }),
      );
    });
  });
}

/** Σ over batch, rows and columns of channel c, for each c: [C]. */
function channelSums(
  { shape: [B = 0, C = 0, H = 0, W = 0] }: HostArray,
  f: (b: number, c: number, i: number, j: number) => number,
): HostArray {
  return tabulate([C], (c = 0) => sum(B, (b) => sum(H, (i) => sum(W, (j) => f(b, c, i, j)))));
}

const valuesPerChannel = ({ shape: [B = 0, , H = 0, W = 0] }: HostArray): number => B * H * W;

/** Mean and biased variance of each channel, both over n. */
function statistics(x: HostArray): { readonly mean: HostArray; readonly biased: HostArray } {
  const n = valuesPerChannel(x);
  const mean = channelSums(x, (b, c, i, j) => at(x, b, c, i, j) / n);
  return { mean, biased: channelSums(x, (b, c, i, j) => (at(x, b, c, i, j) - at(mean, c)) ** 2 / n) };
}

export interface NormParams {
  readonly weight: HostArray;
  readonly bias: HostArray;
}

/** The statistics of each channel, [C]. */
export interface NormStatistics {
  readonly mean: HostArray;
  readonly variance: HostArray;
}

/** y = γ (x − mean)/√(variance + ε) + β: batch norm in evaluation, where both are the running statistics. */
export function batchNormEval(x: HostArray, { weight, bias }: NormParams, { mean, variance }: NormStatistics, eps: number): HostArray {
  return tabulate(
    x.shape,
    (b = 0, c = 0, i = 0, j = 0) => (at(weight, c) * (at(x, b, c, i, j) - at(mean, c))) / Math.sqrt(at(variance, c) + eps) + at(bias, c),
  );
}

/** Batch norm in training: y, and the batch's mean and unbiased variance. */
export function batchNormTrain(x: HostArray, params: NormParams, eps: number): NormStatistics & { readonly y: HostArray } {
  const n = valuesPerChannel(x);
  const { mean, biased } = statistics(x);
  const variance = tabulate(biased.shape, (c = 0) => (at(biased, c) * n) / (n - 1));
  return { y: batchNormEval(x, params, { mean, variance: biased }, eps), mean, variance };
}

export interface NormGrads extends NormParams {
  readonly x: HostArray;
}

/** γ̄ = Σ ȳ x̂ and β̄ = Σ ȳ. */
function normParamGrads(x: HostArray, dy: HostArray, xHat: (b: number, c: number, i: number, j: number) => number): NormParams {
  return {
    weight: channelSums(x, (b, c, i, j) => at(dy, b, c, i, j) * xHat(b, c, i, j)),
    bias: channelSums(x, (b, c, i, j) => at(dy, b, c, i, j)),
  };
}

/** (G20), training: x̄ = r (h − mean(h) − x̂ mean(h x̂)), h = ȳ γ. */
export function batchNormTrainGrads(x: HostArray, gamma: HostArray, dy: HostArray, eps: number): NormGrads {
  const n = valuesPerChannel(x);
  const { mean, biased } = statistics(x);
  const r = (c: number): number => 1 / Math.sqrt(at(biased, c) + eps);
  const xHat = (b: number, c: number, i: number, j: number): number => (at(x, b, c, i, j) - at(mean, c)) * r(c);
  const h = (b: number, c: number, i: number, j: number): number => at(dy, b, c, i, j) * at(gamma, c);
  const meanH = channelSums(x, (b, c, i, j) => h(b, c, i, j) / n);
  const meanHx = channelSums(x, (b, c, i, j) => (h(b, c, i, j) * xHat(b, c, i, j)) / n);
  const dx = tabulate(x.shape, (b = 0, c = 0, i = 0, j = 0) => r(c) * (h(b, c, i, j) - at(meanH, c) - xHat(b, c, i, j) * at(meanHx, c)));
  return { x: dx, ...normParamGrads(x, dy, xHat) };
}

/** (G20), evaluation: x̄ = ȳ γ/√(v_run + ε). */
export function batchNormEvalGrads(
  x: HostArray,
  gamma: HostArray,
  { mean, variance }: NormStatistics,
  dy: HostArray,
  eps: number,
): NormGrads {
  const r = (c: number): number => 1 / Math.sqrt(at(variance, c) + eps);
  const dx = tabulate(x.shape, (b = 0, c = 0, i = 0, j = 0) => at(dy, b, c, i, j) * at(gamma, c) * r(c));
  return { x: dx, ...normParamGrads(x, dy, (b, c, i, j) => (at(x, b, c, i, j) - at(mean, c)) * r(c)) };
}
