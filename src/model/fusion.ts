/**
 * Fusion of the two heads at test time (E27). A plain model has one head, whose logits are the result.
 *
 *   (E27)  the authors' code: mean of the logits, ½(z_c + z_d)          the default, as in the released accuracies
 *          the paper: sum of the softmax outputs, σ(z_c) + σ(z_d)       may decide differently (deit.md 2.6)
 *
 *   (G9)   mean: z̄_c = z̄_d = ½ z̄        sum of softmax: (G2) for each head
 */
import type { Kernels } from "../kernels/kernels.ts";
import { defineOp, type Grads, type Op, type Result } from "../ops/op.ts";
import { parts } from "../ops/parts.ts";
import { softmax, type SoftmaxSaved } from "../ops/softmax.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Logits } from "./heads.ts";

/** What the VJP of `meanOfLogits` reads. */
export interface MeanSaved {
  /** Whether there are two heads; with one, the result is its logits. */
  readonly distilled: boolean;
}

/** ½(z_c + z_d), [B, K]; z_c for a plain model. */
export const meanOfLogits: Op<Logits, MeanSaved> = defineOp({
  name: "meanOfLogits",
  shapes: { inputs: { head: "B K", head_dist: "B K" }, out: "B K" },
  forward(k, { head, head_dist }) {
    return { out: head_dist === null ? head : k.scale(k.add(head, head_dist), 0.5), saved: { distilled: head_dist !== null } };
  },
  vjp(k, { distilled }, dz) {
    const half = distilled ? k.scale(dz, 0.5) : dz; //            (G9)
    return { head: half, head_dist: distilled ? half : null };
  },
});

/** What the VJP of `sumOfSoftmax` reads. */
export interface SumSaved {
  /** Saved by the class head's softmax. */
  readonly head: SoftmaxSaved;
  /** Saved by the distillation head's softmax; null: plain. */
  readonly head_dist: SoftmaxSaved | null;
}

const part = parts({ head: softmax, head_dist: softmax });

function forward(k: Kernels, { head, head_dist }: Logits): Result<Tensor, SumSaved> {
  const c = part.head.forward(k, { z: head });
  if (head_dist === null) return { out: c.out, saved: { head: c.saved, head_dist: null } };
  const d = part.head_dist.forward(k, { z: head_dist });
  return { out: k.add(c.out, d.out), saved: { head: c.saved, head_dist: d.saved } };
}

function vjp(k: Kernels, saved: SumSaved, dScore: Tensor): Grads<Logits> {
  const dist = saved.head_dist === null ? null : part.head_dist.vjp(k, saved.head_dist, dScore).z;
  return { head: part.head.vjp(k, saved.head, dScore).z, head_dist: dist };
}

/** σ(z_c) + σ(z_d), [B, K]; σ(z_c) for a plain model. */
export const sumOfSoftmax: Op<Logits, SumSaved> = defineOp({
  name: "sumOfSoftmax",
  shapes: { inputs: { head: "B K", head_dist: "B K" }, out: "B K" },
  forward,
  vjp,
});
