/** Normalisation of pixels for a network: x ← (x − mean)/std, channel by channel. */
import type { Shape } from "../tensor/tensor.ts";

/** The statistics that pixels are normalised by. */
export interface Normalisation {
  /** Mean of pixels in [0, 1], one value a channel. */
  readonly mean: readonly number[];
  /** Standard deviation of pixels in [0, 1], one value a channel; each > 0. */
  readonly std: readonly number[];
}

/** ImageNet's statistics (deit.md 7.6). */
export const IMAGENET: Normalisation = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };

/** What a model is assumed to have been trained with, where its file does not say: ImageNet's statistics for colour images, else no normalisation. */
export const assumedNormalisation = ({ channels }: { readonly channels: number }): Normalisation =>
  channels === 3 ? IMAGENET : { mean: Array.from({ length: channels }, () => 0), std: Array.from({ length: channels }, () => 1) };

/**
 * Returns the normalisation.
 *
 * @throws RangeError if it does not fit images of this many channels, or a standard deviation is not positive
 */
export function checkedNormalisation({ mean, std }: Normalisation, channels: number): Normalisation {
  for (const [name, values] of Object.entries({ mean, std }))
    if (values.length !== channels)
      throw new RangeError(`data: ${name} must have a number for each of ${channels} channels, got ${values.length}`);
  const bad = std.find((value) => !(value > 0));
  if (bad !== undefined) throw new RangeError(`data: std must be > 0, got ${bad}`);
  return { mean, std };
}

/** Images as a network takes them. */
export interface NormalisedImages {
  /** [B, C, S, S] */
  readonly shape: Shape;
  /** Row-major. */
  readonly data: Float64Array | Float32Array;
}
