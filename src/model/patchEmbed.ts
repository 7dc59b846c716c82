/**
 * Patch embedding: a convolution with kernel = stride = p, written as a matrix multiplication.
 *
 *   (E1)   E = U · reshape(Wp, D, C·p²)ᵀ + bp          no permutation: a kernel has the memory order of a patch
 *
 *   (G18)  Ū = Ē Wp      W̄p = Σ Ēᵀ U      b̄p = Σ Ē      imḡ = fold(Ū)
 */
import type { Kernels } from "../kernels/kernels.ts";
import { linear, type LinearParams, type LinearSaved } from "../ops/linear.ts";
import { defineOp, type Grads, type Op, type Result } from "../ops/op.ts";
import { parts } from "../ops/parts.ts";
import { patches, type PatchesAttrs, type PatchesInputs, type PatchesSaved } from "../ops/patches.ts";
import { axis, type Shape, type Tensor } from "../tensor/tensor.ts";

/** The projection of patches. */
export interface PatchEmbedParams {
  /** Wp, [D, C, p, p] and bp, [D]. */
  readonly proj: LinearParams;
}

/** What `patchEmbed` differentiates. */
export interface PatchEmbedInputs extends PatchesInputs {
  /** The projection of patches. */
  readonly params: PatchEmbedParams;
}

/** What the VJP of `patchEmbed` reads. */
export interface PatchEmbedSaved {
  /** Saved by cutting the images into patches. */
  readonly patches: PatchesSaved;
  /** Saved by the projection as a linear layer. */
  readonly proj: LinearSaved;
  /** Shape of Wp and of its gradient, [D, C, p, p]. */
  readonly kernelShape: Shape;
}

const part = parts({ patches, proj: linear });

function forward(k: Kernels, { images, params }: PatchEmbedInputs, attrs: PatchesAttrs): Result<Tensor, PatchEmbedSaved> {
  const { weight, bias } = params.proj;
  const u = part.patches.forward(k, { images }, attrs);
  const kernel = k.reshape(weight, [axis(weight.shape, 0), axis(u.out.shape, -1)]);
  const e = part.proj.forward(k, { x: u.out, params: { weight: kernel, bias } }); //   (E1)
  return { out: e.out, saved: { patches: u.saved, proj: e.saved, kernelShape: weight.shape } };
}

function vjp(k: Kernels, saved: PatchEmbedSaved, dE: Tensor): Grads<PatchEmbedInputs> {
  const dProj = part.proj.vjp(k, saved.proj, dE); //                                   (G18) Ū, W̄p, b̄p
  const weight = k.reshape(dProj.params.weight, saved.kernelShape);
  const dPatches = part.patches.vjp(k, saved.patches, dProj.x); //                     (G18) imḡ
  return { images: dPatches.images, params: { proj: { weight, bias: dProj.params.bias } } };
}

/** [B, C, S, S] → E, [B, N, D]. */
export const patchEmbed: Op<PatchEmbedInputs, PatchEmbedSaved, PatchesAttrs> = defineOp({
  name: "patchEmbed",
  shapes: { inputs: { images: "B C S S", params: { proj: { weight: "D C p p", bias: "D" } } }, out: "B N D" },
  forward,
  vjp,
});
