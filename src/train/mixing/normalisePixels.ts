/**
 * Normalises pixels on the engine, so that a step can start from raw ones. Same formula as src/data/normalise.ts, for a batch.
 *
 *          x ← (x − mean)/std                                     channel by channel (deit.md 7.6)
 */
import type { Kernels } from "../../kernels/kernels.ts";
import { defineRoutine, type Routine } from "../../ops/op.ts";
import { shapeCheck } from "../../tensor/shape.ts";
import { axis, type Tensor } from "../../tensor/tensor.ts";

/** Pixels, and what they are normalised by. */
export interface PixelInputs {
  /** Pixels scaled to [0, 1], [B, C, H, W]. */
  readonly x: Tensor;
  /** [C] */
  readonly mean: Tensor;
  /** > 0, [C]. */
  readonly std: Tensor;
}

const shapes = shapeCheck("normalisePixels", { inputs: { x: "B C H W", mean: "C", std: "C" } });

/** [C] → [B, C, 1], which broadcasts over the pixels. */
const perChannel = (k: Kernels, v: Tensor, B: number): Tensor => k.expandLeading(k.reshape(v, [axis(v.shape, 0), 1]), B);

/** [B, C, H, W] → [B, C, H, W] */
export const normalisePixels: Routine<PixelInputs> = defineRoutine({
  name: "normalisePixels",
  check: (inputs) => void shapes.forward(inputs),
  run(k: Kernels, { x, mean, std }: PixelInputs): Tensor {
    const [B = 0, C = 0, H = 0, W = 0] = x.shape;
    const centred = k.sub(k.reshape(x, [B, C, H * W]), perChannel(k, mean, B));
    return k.reshape(k.div(centred, perChannel(k, std, B)), x.shape);
  },
});
