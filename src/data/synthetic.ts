/**
 * Images that need no file and can be learned, of any size: each class is a plane wave of its own, half hidden in noise.
 *
 *   pixel = ½ wave + ½ noise        wave = ½ + ½ cos(2π((u·column + v·row)/S + phase))        u, v: whole waves across the image
 */
import { fold, keyOf, uniform53At, uniformAt, type Key } from "../tensor/key.ts";
import type { Dataset } from "./dataset.ts";

/** Whole waves across an image, at most. */
const MOST_WAVES = 3;

/** All that is drawn here is drawn from this seed, not from a run's: the set is the same for everyone. */
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

export interface SyntheticSize {
  readonly count: number;
  readonly channels: number;
  /** In pixels. */
  readonly side: number;
  readonly classes: number;
}

/** Label i is i mod K. */
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
