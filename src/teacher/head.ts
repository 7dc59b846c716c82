/** RegNetY's classifier: the mean of each channel, followed by a linear layer. */
import type { Kernels } from "../kernels/kernels.ts";
import { linear, type LinearParams, type LinearSaved } from "../ops/linear.ts";
import { defineOp, type Grads, type Layer, type Op, type Result } from "../ops/op.ts";
import { parts } from "../ops/parts.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { averagePool, type AveragePoolSaved } from "./averagePool.ts";

/** The linear layer of the classifier. */
export interface ClassifierParams {
  /** [K, C] and [K]. */
  readonly fc: LinearParams;
}

/** What the VJP of `classifier` reads. */
export interface ClassifierSaved {
  /** Saved by the mean over the image. */
  readonly pool: AveragePoolSaved;
  /** Saved by the linear layer. */
  readonly fc: LinearSaved;
}

const part = parts({ global_pool: averagePool, fc: linear });

function forward(k: Kernels, { x, params }: Layer<ClassifierParams>): Result<Tensor, ClassifierSaved> {
  const m = part.global_pool.forward(k, { x });
  const logits = part.fc.forward(k, { x: m.out, params: params.fc });
  return { out: logits.out, saved: { pool: m.saved, fc: logits.saved } };
}

function vjp(k: Kernels, saved: ClassifierSaved, dLogits: Tensor): Grads<Layer<ClassifierParams>> {
  const dFc = part.fc.vjp(k, saved.fc, dLogits);
  const dPool = part.global_pool.vjp(k, saved.pool, dFc.x);
  return { x: dPool.x, params: { fc: dFc.params } };
}

/** [B, C, H, W] → logits, [B, K]. */
export const classifier: Op<Layer<ClassifierParams>, ClassifierSaved> = defineOp({
  name: "classifier",
  shapes: { inputs: { x: "B C H W", params: { fc: { weight: "K C", bias: "K" } } }, out: "B K" },
  forward,
  vjp,
});
