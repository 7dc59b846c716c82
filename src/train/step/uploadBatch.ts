/** From a batch of bytes on the host to the normalised images on an engine, with their rectangles erased (deit.md 7.6, 7.10). */
import type { Erased, HostBatch } from "../../data/loader/batch.ts";
import type { Normalisation } from "../../data/normalise.ts";
import type { Kernels } from "../../kernels/kernels.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { erase } from "../mixing/erase.ts";
import { normalisePixels } from "../mixing/normalisePixels.ts";

/** Images with their labels. */
export interface LabelledImages {
  /** [B, C, S, S], augmented and normalised, but not mixed. */
  readonly images: Tensor;
  /** Class numbers, [B]. */
  readonly labels: Tensor;
}

/** Full scale of a byte. */
const FULL_SCALE = 255;

/**
 * Bytes, [B, C, S, S], to normalised images of the same shape, with what is erased of them filled with noise.
 *
 * (v/255 − mean)/std = (v − 255 mean)/(255 std), so the bytes need not be divided first.
 *
 * @param bytes puts the bytes on the engine
 */
export function normalisedImages(k: Kernels, bytes: () => Tensor, { mean, std }: Normalisation, erased: readonly Erased[]): Tensor {
  const ofBytes = (values: readonly number[]): Tensor =>
    k.upload(
      [values.length],
      values.map((value) => FULL_SCALE * value),
    );
  return k.region("upload", () => {
    const x = normalisePixels.run(k, { x: bytes(), mean: ofBytes(mean), std: ofBytes(std) });
    return erased.length === 0 ? x : erase.run(k, { x }, erased);
  });
}

/** Uploads a batch; the caller releases it. */
export function uploadBatch(k: Kernels, { shape, pixels, labels, normalisation, erased }: HostBatch): LabelledImages {
  const images = normalisedImages(k, () => k.upload(shape, pixels), normalisation, erased);
  return { images, labels: k.upload([labels.length], labels) };
}
