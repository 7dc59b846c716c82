/** The task of a network with one head, such as a teacher: cross-entropy (E19) between its logits and the targets. */
import type { Kernels } from "../../kernels/kernels.ts";
import { crossEntropy } from "../../losses/crossEntropy.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { Task } from "./task.ts";

/** The network of the task. */
export interface ClassifierTaskSettings<Params, Buffers, Statistics, Saved> {
  /** The forward pass in training mode. */
  readonly forward: (
    k: Kernels,
    inputs: { readonly images: Tensor; readonly params: Params; readonly buffers: Buffers },
  ) => {
    /** [B, K]. */
    readonly logits: Tensor;
    /** The batch statistics, from which `moveOn` updates the buffers. */
    readonly statistics: Statistics;
    /** What `vjp` reads. */
    readonly saved: Saved;
  };
  /** The gradients of the parameters, from the cotangent of the logits. */
  readonly vjp: (k: Kernels, saved: Saved, dLogits: Tensor) => Params;
  /** Updates the buffers by the batch's statistics. Consumes `buffers`. */
  readonly moveOn: (k: Kernels, buffers: Buffers, statistics: Statistics) => Buffers;
}

/** A task of a network with buffers (a RegNetY): cross-entropy with the targets. */
export function classifierTask<Params, Buffers, Statistics, Saved>({
  forward,
  vjp,
  moveOn,
}: ClassifierTaskSettings<Params, Buffers, Statistics, Saved>): Task<Params, Buffers, Statistics> {
  return {
    lossAndGrads: (k, { params, buffers }, { images, target }, _, dLoss) => {
      const { logits, statistics, saved } = forward(k, { images, params, buffers });
      const { out: loss, saved: ofLoss } = crossEntropy.forward(k.at("loss"), { logits }, { target });
      const dLogits = crossEntropy.vjp(k.at("loss"), ofLoss, dLoss).logits;
      return { loss, truth: null, grads: vjp(k, saved, dLogits), statistics };
    },
    moveOn,
  };
}
