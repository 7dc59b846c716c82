/**
 * Grouped convolution without bias: output channel o reads the C/G input channels of its own group, numbered c in the weight and c′ in x.
 *
 *          y[b,o,i,j] = Σ_{c,r,t} W[o,c,r,t] x[b, c′, s·i + r − pad, s·j + t − pad]          x is 0 outside the image
 *
 *   (G22)  W̄[o,c,r,t] = Σ_{b,i,j} ȳ[b,o,i,j] x[b, c′, s·i + r − pad, s·j + t − pad]
 *          x̄ sums ȳ W over the same index pairs
 *
 * Unfolded, the windows are the columns of one matrix U per group, and all three are matrix multiplications: Y = W U, W̄ = Ȳ Uᵀ, Ū = Wᵀ Ȳ.
 * A 1×1 convolution is the case k = 1. U is k² times as large as x, so x is saved and the VJP makes U again.
 */
import type { Kernels, Window } from "../kernels/kernels.ts";
import { rules, windowGrid } from "../kernels/rules.ts";
import { defineOp, type Grads, type Layer, type Op, type Result } from "../ops/op.ts";
import { ShapeError } from "../tensor/errors.ts";
import { axis, show, type Shape, type Tensor } from "../tensor/tensor.ts";

/** The weight of a convolution from C channels to O in G groups; it has no bias. */
export interface ConvParams {
  /** W, [O, C/G, k, k]. */
  readonly weight: Tensor;
}

/** Settings of `groupedConv` that are not trained. */
export interface ConvAttrs {
  /** G, a divisor of C and of O. */
  readonly groups: number;
  /** s, in pixels. */
  readonly stride: number;
  /** Zeros on each side of the image, in pixels. */
  readonly padding: number;
}

/** What the VJP of `groupedConv` reads. */
export interface ConvSaved extends ConvAttrs {
  /** [B, C, H, W] */
  readonly x: Tensor;
  /** W, [O, C/G, k, k]. */
  readonly weight: Tensor;
}

const windowOf = (weight: Tensor, { stride, padding }: ConvAttrs): Window => ({ kernel: axis(weight.shape, -1), stride, padding });

/** Uᵀ, [G, B·N, C/G·k²], for N windows per image. */
function columns(k: Kernels, x: Tensor, window: Window, G: number): Tensor {
  const u = k.unfold(x, window);
  const [B = 0, N = 0, Q = 0] = u.shape;
  return k.reshape(k.permute(k.reshape(u, [B, N, G, Q / G]), [2, 0, 1, 3]), [G, B * N, Q / G]);
}

/** The adjoint of `columns`: Ū → x̄, [B, C, H, W]. */
function images(k: Kernels, dU: Tensor, window: Window, shape: Shape): Tensor {
  const [G = 0, BN = 0, q = 0] = dU.shape;
  const B = axis(shape, 0);
  const windows = k.permute(k.reshape(dU, [G, B, BN / B, q]), [1, 2, 0, 3]);
  return k.fold(k.reshape(windows, [B, BN / B, G * q]), window, shape);
}

/** W as one matrix per group, [G, O/G, C/G·k²]. */
function matrices(k: Kernels, weight: Tensor, G: number): Tensor {
  const [O = 0, I = 0, side = 0] = weight.shape;
  return k.reshape(weight, [G, O / G, I * side * side]);
}

function check({ x, params: { weight } }: Layer<ConvParams>, attrs: ConvAttrs): void {
  const G = attrs.groups;
  const [C, O] = [axis(x.shape, 1), axis(weight.shape, 0)];
  if (!(Number.isInteger(G) && G > 0 && C % G === 0 && O % G === 0))
    throw new RangeError(`groupedConv: groups must divide C = ${C} and O = ${O}, got ${G}`);
  if (axis(weight.shape, 1) !== C / G)
    throw new ShapeError(`groupedConv: params.weight must be [O, C/G, k, k] with C/G = ${C / G} (from x), got ${show(weight.shape)}`);
  rules.unfold(x, windowOf(weight, attrs)); // throws unless a window fits into the padded image
}

function forward(k: Kernels, inputs: Layer<ConvParams>, attrs: ConvAttrs): Result<Tensor, ConvSaved> {
  const { groups: G, stride, padding } = attrs;
  const { x, params } = inputs;
  const weight = params.weight;
  const [B, O, window] = [axis(x.shape, 0), axis(weight.shape, 0), windowOf(weight, attrs)];
  const [rows, across] = windowGrid(axis(x.shape, 2), axis(x.shape, 3), window);

  const u = columns(k, x, window, G);
  const grouped = k.matmul(matrices(k, weight, G), u, { tb: true }); //    Y, [G, O/G, B·N]
  const byChannel = k.reshape(grouped, [O, B, rows * across]);
  const y = k.reshape(k.permute(byChannel, [1, 0, 2]), [B, O, rows, across]);
  return { out: y, saved: { x, weight, groups: G, stride, padding } };
}

function vjp(k: Kernels, saved: ConvSaved, dy: Tensor): Grads<Layer<ConvParams>> {
  const { x, weight, groups: G } = saved;
  const [B = 0, O = 0, rows = 0, across = 0] = dy.shape;
  const window = windowOf(weight, saved);

  const byChannel = k.permute(k.reshape(dy, [B, O, rows * across]), [1, 0, 2]);
  const dGrouped = k.reshape(byChannel, [G, O / G, B * rows * across]); // Ȳ
  const u = columns(k, x, window, G);
  const dWeight = k.reshape(k.matmul(dGrouped, u), weight.shape); //       (G22) W̄
  const dU = k.matmul(dGrouped, matrices(k, weight, G), { ta: true });
  const dx = images(k, dU, window, x.shape); //                            (G22) x̄
  return { x: dx, params: { weight: dWeight } };
}

/** [B, C, H, W] → [B, O, H′, W′] with H′ = ⌊(H + 2 pad − k)/s⌋ + 1. */
export const groupedConv: Op<Layer<ConvParams>, ConvSaved, ConvAttrs> = defineOp({
  name: "groupedConv",
  shapes: {
    inputs: { x: "B C H W", params: { weight: "O I k k" } },
    saved: { x: "B C H W", weight: "O I k k" },
    out: "B O R Q",
  },
  check,
  forward,
  vjp,
});
