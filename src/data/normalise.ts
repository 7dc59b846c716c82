/** Normalisation of pixels for a network: x ← (x − mean)/std, channel by channel. */
import type { Shape } from "../tensor/tensor.ts";

/** The statistics that pixels are normalised by. */
export interface Normalisation {
  /** Mean of pixels in [0, 1], one value a channel. */
  readonly mean: readonly number[];
  /** Standard deviation of pixels in [0, 1], one value a channel; each > 0. */
  readonly std: readonly number[];
}

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
