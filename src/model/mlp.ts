/**
 * Feed-forward network of a block.
 *
 *   (E10)  FFN(x) = GELU(x W₁ᵀ + b₁) W₂ᵀ + b₂           hidden width M, in DeiT 4D
 */
import type { Kernels } from "../kernels/kernels.ts";
import { dropout, dropoutAt, type DropoutAttrs, type DropoutSaved } from "../ops/dropout.ts";
import { gelu, type GeluSaved } from "../ops/gelu.ts";
import { linear, type LinearParams, type LinearSaved } from "../ops/linear.ts";
import { defineOp, type Grads, type Layer, type Op, type Result } from "../ops/op.ts";
import { parts } from "../ops/parts.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** The two layers of an MLP: D → M → D. */
export interface MlpParams {
  /** W₁, [M, D] and b₁, [M]. */
  readonly fc1: LinearParams;
  /** W₂, [D, M] and b₂, [D]. */
  readonly fc2: LinearParams;
}

/** Settings of `mlp` that are not trained. */
export interface MlpAttrs {
  /** Dropout after GELU and after fc2 (deit.md 6.3); null: none. */
  readonly dropout: DropoutAttrs | null;
}

/** What the VJP of `mlp` reads. */
export interface MlpSaved {
  /** Saved by the first layer. */
  readonly fc1: LinearSaved;
  /** Saved by GELU. */
  readonly gelu: GeluSaved;
  /** Saved by the dropout after GELU. */
  readonly drop1: DropoutSaved;
  /** Saved by the second layer. */
  readonly fc2: LinearSaved;
  /** Saved by the dropout after the second layer. */
  readonly drop2: DropoutSaved;
}

const part = parts({ fc1: linear, gelu, drop1: dropout, fc2: linear, drop2: dropout });

function forward(k: Kernels, { x, params }: Layer<MlpParams>, attrs: MlpAttrs): Result<Tensor, MlpSaved> {
  const hidden = part.fc1.forward(k, { x, params: params.fc1 });
  const active = part.gelu.forward(k, { x: hidden.out });
  const kept = part.drop1.forward(k, { x: active.out }, dropoutAt(attrs.dropout, "drop1"));
  const y = part.fc2.forward(k, { x: kept.out, params: params.fc2 }); //   (E10)
  const out = part.drop2.forward(k, { x: y.out }, dropoutAt(attrs.dropout, "drop2"));
  return { out: out.out, saved: { fc1: hidden.saved, gelu: active.saved, drop1: kept.saved, fc2: y.saved, drop2: out.saved } };
}

function vjp(k: Kernels, saved: MlpSaved, dy: Tensor): Grads<Layer<MlpParams>> {
  const dDrop2 = part.drop2.vjp(k, saved.drop2, dy);
  const dFc2 = part.fc2.vjp(k, saved.fc2, dDrop2.x);
  const dDrop1 = part.drop1.vjp(k, saved.drop1, dFc2.x);
  const dGelu = part.gelu.vjp(k, saved.gelu, dDrop1.x);
  const dFc1 = part.fc1.vjp(k, saved.fc1, dGelu.x);
  return { x: dFc1.x, params: { fc1: dFc1.params, fc2: dFc2.params } };
}

/** [B, T, D] → [B, T, D] */
export const mlp: Op<Layer<MlpParams>, MlpSaved, MlpAttrs> = defineOp({
  name: "mlp",
  shapes: {
    inputs: { x: "B T D", params: { fc1: { weight: "M D", bias: "M" }, fc2: { weight: "D M", bias: "D" } } },
    out: "B T D",
  },
  forward,
  vjp,
});
