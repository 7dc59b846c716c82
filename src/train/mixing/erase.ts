/**
 * Random erasing: a rectangle of an image is filled with noise, after normalisation (deit.md 7.10). The rectangle and the noise are drawn with
 * the view, in src/data/augment/erasing.ts.
 *
 *          x_c(i, j) ← n_c(i, j) in the rectangle, independent N(0, 1) for each pixel and channel
 */
import type { Erased } from "../../data/loader/batch.ts";
import type { Kernels } from "../../kernels/kernels.ts";
import { defineRoutine, type Routine } from "../../ops/op.ts";
import { ShapeError } from "../../tensor/errors.ts";
import { show, type Shape, type Tensor } from "../../tensor/tensor.ts";

/** The images of `erase`. */
export interface EraseInputs {
  /** Normalised images, [B, C, H, W]. */
  readonly x: Tensor;
}

/** @throws ShapeError unless x is a batch of images, RangeError for a rectangle that is not inside its image, or noise of another size */
function check({ x }: EraseInputs, erased: readonly Erased[]): void {
  const [B = 0, C = 0, H = 0, W = 0] = x.shape;
  if (x.shape.length !== 4) throw new ShapeError(`erase: images must be [B, C, H, W], got ${show(x.shape)}`);
  for (const { image, top, left, h, w, noise } of erased) {
    const isInside = [image, top, left, h, w].every((n) => Number.isInteger(n) && n >= 0) && top + h <= H && left + w <= W;
    if (!isInside || image >= B)
      throw new RangeError(`erase: ${h}×${w} at row ${top}, column ${left} of image ${image} is not inside ${show(x.shape)}`);
    if (noise.length !== C * h * w) throw new RangeError(`erase: the noise must be ${C * h * w} numbers, got ${noise.length}`);
  }
}

/** The numbers of a rectangle in an image that is zero elsewhere, [1, C, H, W]. */
function placed([, C = 0, H = 0, W = 0]: Shape, { top, left, h, w }: Erased, value: (i: number) => number): Float32Array {
  const image = new Float32Array(C * H * W);
  for (let c = 0, i = 0; c < C; c++)
    for (let row = top; row < top + h; row++)
      for (let column = left; column < left + w; column++, i++) image[(c * H + row) * W + column] = value(i);
  return image;
}

/** The image with the noise in its rectangle. */
function filled(k: Kernels, image: Tensor, erased: Erased): Tensor {
  const upload = (value: (i: number) => number): Tensor => k.upload(image.shape, placed(image.shape, erased, value));
  return k.region("fill", () =>
    k.where(
      upload(() => 1),
      upload((i) => erased.noise[i] ?? 0),
      image,
    ),
  );
}

/** [B, C, H, W] → [B, C, H, W]; at most one rectangle an image. The memory that it takes does not depend on the rectangles. */
export const erase: Routine<EraseInputs, readonly Erased[]> = defineRoutine({
  name: "erase",
  check,
  run(k: Kernels, { x }: EraseInputs, erased: readonly Erased[]): Tensor {
    const [B = 0] = x.shape;
    const byImage = new Map(erased.map((one) => [one.image, one]));
    const images = Array.from({ length: B }, (_, i) => {
      const [image, own] = [k.slice(x, 0, i, i + 1), byImage.get(i)];
      return own === undefined ? image : filled(k, image, own);
    });
    return k.concat(images, 0);
  },
});
