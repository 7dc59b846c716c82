/**
 * Linear layer, row-vector convention.
 *
 *         y = x Wᵀ + b
 *
 *   (G1)  x̄ = ȳ W      W̄ = Σ ȳᵀ x      b̄ = Σ ȳ          sums over batch and tokens
 */
import type { Kernels } from "../kernels/kernels.ts";
import { axis, size, type Tensor } from "../tensor/tensor.ts";
import { defineOp, type Grads, type Layer, type Op, type Result } from "./op.ts";

export interface LinearParams {
  /** W, [O, I]. */
  readonly weight: Tensor;
  /** b, [O]. */
  readonly bias: Tensor;
}

export interface LinearSaved {
  /** [..., I] */
  readonly x: Tensor;
  /** [O, I] */
  readonly weight: Tensor;
}

function forward(k: Kernels, { x, params: { weight, bias } }: Layer<LinearParams>): Result<Tensor, LinearSaved> {
  const y = k.add(k.matmul(x, weight, { tb: true }), bias);
  return { out: y, saved: { x, weight } };
}

function vjp(k: Kernels, { x, weight }: LinearSaved, dy: Tensor): Grads<Layer<LinearParams>> {
  const dBias = k.sumLeading(rows(k, dy), 1);
  const dWeight = k.matmul(rows(k, dy), rows(k, x), { ta: true });
  const dx = k.matmul(dy, weight);
  return { x: dx, params: { weight: dWeight, bias: dBias } };
}

/** [..., I] → [rows, I] */
const rows = (k: Kernels, x: Tensor): Tensor => k.reshape(x, [size(x.shape.slice(0, -1)), axis(x.shape, -1)]);

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
