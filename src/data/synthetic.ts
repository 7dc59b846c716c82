/**
 * Images of any size that need no file and can be learned: each class is a plane wave, half hidden in noise.
 *
 *   pixel = ½ wave + ½ noise        wave = ½ + ½ cos(2π((u·column + v·row)/S + phase))        u, v: waves across the image, integers
 */
import { fold, keyOf, uniform53At, uniformAt, type Key } from "../tensor/key.ts";
import type { Dataset } from "./dataset.ts";

/** The most waves across an image. */
const MOST_WAVES = 3;

/** Everything here is drawn from this seed, not from the run's, so that the set is always the same. */
const SEED = 0;

interface Wave {
  readonly u: number;
  readonly v: number;
  readonly phase: number;
}

function waveOf(key: Key): Wave {
  const waves = (i: number): number => 1 + Math.floor(MOST_WAVES * uniform53At(key, i));
  return { u: waves(0), v: waves(1) * (uniform53At(key, 2) < 0.5 ? -1 : 1), phase: uniform53At(key, 3) };
}

/** The size of a synthetic set. */
export interface SyntheticSize {
  readonly count: number;
  readonly channels: number;
  /** In pixels. */
  readonly side: number;
  readonly classes: number;
}

/** Makes a synthetic set; the label of image i is i mod K. */
export function synthetic({ count, channels, side, classes }: SyntheticSize): Dataset {
  const key = fold(keyOf(SEED), "synthetic");
  const label = (i: number): number => i % classes;
  const pixels = (i: number): Float64Array => {
    const noise = fold(fold(key, "noise"), i);
    const image = new Float64Array(channels * side ** 2);
    for (let c = 0, at = 0; c < channels; c++) {
      const { u, v, phase } = waveOf(fold(fold(fold(key, "class"), label(i)), c));
      for (let row = 0; row < side; row++)
        for (let column = 0; column < side; column++, at++) {
          const wave = 0.5 + 0.5 * Math.cos(2 * Math.PI * ((u * column + v * row) / side + phase));
          image[at] = 0.5 * wave + 0.5 * uniformAt(noise, at);
        }
    }
    return image;
  };
  return { name: `synthetic:${count}`, classes: Array.from({ length: classes }, (_, c) => `${c}`), channels, side, count, pixels, label };
}
