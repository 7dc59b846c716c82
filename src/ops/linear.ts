/**
 * Linear layer, in the row-vector convention.
 *
 *         y = x Wᵀ + b
 *
 *   (G1)  x̄ = ȳ W      W̄ = Σ ȳᵀ x      b̄ = Σ ȳ          sums over batch and tokens
 */
import type { Kernels } from "../kernels/kernels.ts";
import { axis, size, type Tensor } from "../tensor/tensor.ts";
import { defineOp, type Grads, type Layer, type Op, type Result } from "./op.ts";

/** Weight and bias of a linear layer with I inputs and O outputs, laid out as in PyTorch. */
export interface LinearParams {
  /** W, [O, I]. */
  readonly weight: Tensor;
  /** b, [O]. */
  readonly bias: Tensor;
}

/** What the VJP of `linear` reads. */
export interface LinearSaved {
  /** [..., I] */
  readonly x: Tensor;
  /** [O, I] */
  readonly weight: Tensor;
}

function forward(k: Kernels, { x, params: { weight, bias } }: Layer<LinearParams>): Result<Tensor, LinearSaved> {
  const y = k.add(k.matmul(rows(k, x), weight, { tb: true }), bias);
  return { out: likeRows(k, y, x), saved: { x, weight } };
}

function vjp(k: Kernels, { x, weight }: LinearSaved, dOut: Tensor): Grads<Layer<LinearParams>> {
  const dy = rows(k, dOut);
  const dBias = k.sumLeading(dy, 1); //                           (G1)
  const dWeight = k.matmul(dy, rows(k, x), { ta: true }); //      (G1)
  const dx = k.matmul(dy, weight); //                             (G1)
  return { x: likeRows(k, dx, x), params: { weight: dWeight, bias: dBias } };
}

/** [..., I] → [rows, I]: all leading axes, such as batch and tokens, become one. */
const rows = (k: Kernels, x: Tensor): Tensor => k.reshape(x, [size(x.shape.slice(0, -1)), axis(x.shape, -1)]);

/** [rows, O] → [..., O], with the leading axes of x. */
const likeRows = (k: Kernels, y: Tensor, x: Tensor): Tensor => k.reshape(y, [...x.shape.slice(0, -1), axis(y.shape, -1)]);

/** [..., I] → [..., O] */
export const linear: Op<Layer<LinearParams>, LinearSaved> = defineOp({
  name: "linear",
  shapes: {
    inputs: { x: "... I", params: { weight: "O I", bias: "O" } },
    saved: { x: "... I", weight: "O I" },
    out: "... O",
  },
  forward,
  vjp,
});
