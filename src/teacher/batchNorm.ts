/**
 * Batch normalisation of images, channel by channel (Ioffe and Szegedy 2015): means are over the n = B·H·W values of a channel.
 *
 *          training     μ = mean(x)      v = mean((x − μ)²)      biased: over n, not n − 1
 *          evaluation   μ and v are the running statistics
 *          r = (v + ε)^(−½)      x̂ = (x − μ) ⊙ r      y = γ ⊙ x̂ + β
 *
 *   (G20)  h = ȳ ⊙ γ            γ̄ = Σ ȳ ⊙ x̂      β̄ = Σ ȳ        sums over batch, rows and columns
 *          training     x̄ = r ⊙ (h − mean(h) − x̂ ⊙ mean(h ⊙ x̂))
 *          evaluation   x̄ = r ⊙ h
 *
 * Training and evaluation are two ops of one type, so that a network is written once. Units as in layer norm: with x in u, ε is in u² and r in 1/u.
 */
import type { Kernels } from "../kernels/kernels.ts";
import { defineOp, type Constant, type Grads, type Layer, type Op, type Result } from "../ops/op.ts";
import { axis, type Tensor } from "../tensor/tensor.ts";
import { pixels } from "./pixels.ts";

/** Gain and shift of a batch norm. */
export interface BatchNormParams {
  /** Gain γ, [C]. */
  readonly weight: Tensor;
  /** Shift β, [C]. */
  readonly bias: Tensor;
}

/** The running statistics that training collects for evaluation; part of a checkpoint, but not trained. */
export interface BatchNormBuffers {
  /** [C] */
  readonly running_mean: Tensor;
  /** [C] */
  readonly running_var: Tensor;
  /** Training steps so far, a scalar. */
  readonly num_batches_tracked: Tensor;
}

/** Settings of a batch norm that are not trained. */
export interface BatchNormAttrs {
  /** ε > 0, in the unit of x². RegNetY: 1e-5. */
  readonly eps: number;
}

/** Settings of a batch norm in evaluation. */
export interface FrozenBatchNormAttrs extends BatchNormAttrs {
  /** The running statistics with which it normalises. */
  readonly running: BatchNormBuffers;
}

/** Statistics of one batch, each [C]. */
export interface BatchStats {
  /** Mean of each channel, [C]. */
  readonly mean: Tensor;
  /** Unbiased variance v·n/(n − 1) of each channel, [C], as PyTorch stores it. */
  readonly variance: Tensor;
}

/** An output with the statistics that normalised it: `BatchStats` in training, null in evaluation, or a tree of either. */
export interface Normed<Stats> {
  /** The output, [B, C, H, W]. */
  readonly y: Tensor;
  /** The statistics, which are not differentiated. */
  readonly stats: Constant<Stats>;
}

/** What the VJP of either batch norm reads. */
export interface BatchNormSaved {
  /** x̂, [B, C, H·W]. */
  readonly xHat: Tensor;
  /** r, [C]. */
  readonly rstd: Tensor;
  /** γ, [C]. */
  readonly gamma: Tensor;
}

/** Either op: `batchNorm` with `BatchStats`, `frozenBatchNorm` with null. */
export type NormOp<Stats> = Op<Layer<BatchNormParams>, BatchNormSaved, FrozenBatchNormAttrs, Normed<Stats>>;

/** [C] → [B, C, 1], which broadcasts over the pixels. */
const perChannel = (k: Kernels, v: Tensor, B: number): Tensor => k.expandLeading(k.reshape(v, [axis(v.shape, 0), 1]), B);

/** [B, C, N] → [C] */
const channelSums = (k: Kernels, t: Tensor): Tensor => k.reshape(k.sumLeading(k.sumLast(t), 1), [axis(t.shape, 1)]);

/** [B, C, N] → [C] */
const channelMeans = (k: Kernels, t: Tensor): Tensor => k.scale(channelSums(k, t), 1 / (axis(t.shape, 0) * axis(t.shape, 2)));

/** n */
const valuesPerChannel = ({ shape: [B = 0, , H = 0, W = 0] }: Tensor): number => B * H * W;

function checkEps(op: string, eps: number): void {
  if (!(eps > 0)) throw new RangeError(`${op}: eps must be > 0, got ${eps}`);
}

/** The steps after centring, which both ops share: x̂ and y from the centred pixels and the variance. */
function normalised(
  k: Kernels,
  x: Tensor,
  centred: Tensor,
  variance: Tensor,
  { weight: gamma, bias: beta }: BatchNormParams,
  eps: number,
): Result<Tensor, BatchNormSaved> {
  const B = axis(x.shape, 0);
  const rstd = k.rsqrt(k.addScalar(variance, eps)); //                              r
  const xHat = k.mul(centred, perChannel(k, rstd, B)); //                           x̂
  const y = k.add(k.mul(xHat, perChannel(k, gamma, B)), perChannel(k, beta, B)); // y
  return { out: k.reshape(y, x.shape), saved: { xHat, rstd, gamma } };
}

function paramGrads(k: Kernels, { xHat }: BatchNormSaved, dPixels: Tensor): Grads<BatchNormParams> {
  return { weight: channelSums(k, k.mul(dPixels, xHat)), bias: channelSums(k, dPixels) }; // (G20)
}

function forward(k: Kernels, { x, params }: Layer<BatchNormParams>, { eps }: BatchNormAttrs): Result<Normed<BatchStats>, BatchNormSaved> {
  const B = axis(x.shape, 0);
  const n = valuesPerChannel(x);
  const values = pixels(k, x);
  const mean = channelMeans(k, values); //                                          μ
  const centred = k.sub(values, perChannel(k, mean, B));
  const variance = channelMeans(k, k.square(centred)); //                           v
  const { out: y, saved } = normalised(k, x, centred, variance, params, eps);
  return { out: { y, stats: { constant: { mean, variance: k.scale(variance, n / (n - 1)) } } }, saved };
}

function vjp(k: Kernels, saved: BatchNormSaved, { y: dy }: Grads<Normed<BatchStats>>): Grads<Layer<BatchNormParams>> {
  const { xHat, rstd, gamma } = saved;
  const [B, dPixels] = [axis(dy.shape, 0), pixels(k, dy)];
  const h = k.mul(dPixels, perChannel(k, gamma, B)); //                             (G20) cotangent of x̂
  const alongOnes = perChannel(k, channelMeans(k, h), B); //                        lost by subtracting μ
  const alongXHat = k.mul(xHat, perChannel(k, channelMeans(k, k.mul(h, xHat)), B)); // lost by dividing by the deviation
  const dx = k.mul(k.sub(k.sub(h, alongOnes), alongXHat), perChannel(k, rstd, B));
  return { x: k.reshape(dx, dy.shape), params: paramGrads(k, saved, dPixels) };
}

/** Training: [B, C, H, W] → the same, each channel with mean β and deviation γ over the batch. */
export const batchNorm: Op<Layer<BatchNormParams>, BatchNormSaved, BatchNormAttrs, Normed<BatchStats>> = defineOp({
  name: "batchNorm",
  shapes: {
    inputs: { x: "B C H W", params: { weight: "C", bias: "C" } },
    saved: { xHat: "B C N", rstd: "C", gamma: "C" },
    out: { y: "B C H W", stats: { constant: { mean: "C", variance: "C" } } },
  },
  check({ x }, { eps }) {
    checkEps("batchNorm", eps);
    const n = valuesPerChannel(x);
    if (n < 2) throw new RangeError(`batchNorm: training needs at least 2 values per channel (batch × rows × columns), got ${n}`);
  },
  forward,
  vjp,
});

/** Evaluation: [B, C, H, W] → the same, by the running statistics, so that no sample depends on another. */
export const frozenBatchNorm: NormOp<null> = defineOp({
  name: "frozenBatchNorm",
  shapes: {
    inputs: { x: "B C H W", params: { weight: "C", bias: "C" } },
    saved: { xHat: "B C N", rstd: "C", gamma: "C" },
    out: { y: "B C H W" },
  },
  check: (_, { eps }) => checkEps("frozenBatchNorm", eps),
  forward(k, { x, params }, { eps, running }) {
    const centred = k.sub(pixels(k, x), perChannel(k, running.running_mean, axis(x.shape, 0)));
    const { out: y, saved } = normalised(k, x, centred, running.running_var, params, eps);
    return { out: { y, stats: { constant: null } }, saved };
  },
  vjp(k, saved, { y: dy }) {
    const [B, dPixels] = [axis(dy.shape, 0), pixels(k, dy)];
    const h = k.mul(dPixels, perChannel(k, saved.gamma, B));
    const dx = k.mul(h, perChannel(k, saved.rstd, B)); //                           (G20) evaluation
    return { x: k.reshape(dx, dy.shape), params: paramGrads(k, saved, dPixels) };
  },
});
