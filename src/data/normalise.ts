/** From pixels to what a network is fed: x ← (x − mean)/std, channel by channel. */

export interface Normalisation {
  /** Of pixels of full scale 1, one a channel. */
  readonly mean: readonly number[];
  /** Of pixels of full scale 1, one a channel; each > 0. */
  readonly std: readonly number[];
}

/**
 * The same normalisation, if it fits images of so many channels.
 *
 * @throws RangeError naming what does not
 */
export function checkedNormalisation({ mean, std }: Normalisation, channels: number): Normalisation {
  for (const [name, values] of Object.entries({ mean, std }))
    if (values.length !== channels)
      throw new RangeError(`data: ${name} must have a number for each of ${channels} channels, got ${values.length}`);
  const bad = std.find((value) => !(value > 0));
  if (bad !== undefined) throw new RangeError(`data: std must be > 0, got ${bad}`);
  return { mean, std };
}

/** [C, S, S] → the same; pixels of full scale 1. */
export function normalise(pixels: Float64Array, { mean, std }: Normalisation): Float64Array {
  const perChannel = pixels.length / mean.length;
  return pixels.map((value, at) => {
    const c = Math.floor(at / perChannel);
    return (value - (mean[c] ?? 0)) / (std[c] ?? 1);
  });
}
