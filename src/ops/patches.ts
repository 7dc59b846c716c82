/**
 * Images cut into patches: windows whose stride equals their side, so that they do not overlap.
 *
 *   (E1)   U[b, i·g + j, c·p² + r·p + s] = img[b, c, i·p + r, j·p + s]       patches in row-major order; in a patch: channel, row, column
 *
 *   (G18)  imḡ = fold(Ū)                                                     each number goes back to its pixel
 */
import type { Kernels, Window } from "../kernels/kernels.ts";
import { axis, type Shape, type Tensor } from "../tensor/tensor.ts";
import { defineOp, type Grads, type Op, type Result } from "./op.ts";

/** What `patches` differentiates. */
export interface PatchesInputs {
  /** [B, C, S, S], already normalised. */
  readonly images: Tensor;
}

/** Settings of `patches` that are not trained. */
export interface PatchesAttrs {
  /** p, in pixels: a divisor of S. */
  readonly patchSize: number;
}

/** What the VJP of `patches` reads. */
export interface PatchesSaved extends PatchesAttrs {
  /** [B, C, S, S]: the shape of the gradient. */
  readonly imageShape: Shape;
}

const windowOf = (p: number): Window => ({ kernel: p, stride: p, padding: 0 });

function forward(k: Kernels, { images }: PatchesInputs, { patchSize }: PatchesAttrs): Result<Tensor, PatchesSaved> {
  return { out: k.unfold(images, windowOf(patchSize)), saved: { patchSize, imageShape: images.shape } }; // (E1)
}

function vjp(k: Kernels, { patchSize, imageShape }: PatchesSaved, dU: Tensor): Grads<PatchesInputs> {
  return { images: k.fold(dU, windowOf(patchSize), imageShape) }; // (G18)
}

/** [B, C, S, S] → U, [B, N, C·p²]. */
export const patches: Op<PatchesInputs, PatchesSaved, PatchesAttrs> = defineOp({
  name: "patches",
  shapes: { inputs: { images: "B C S S" } },
  check({ images }, { patchSize }) {
    const side = axis(images.shape, -1);
    if (side % patchSize !== 0) throw new RangeError(`patches: patchSize must divide the image side ${side}, got ${patchSize}`);
  },
  forward,
  vjp,
});
