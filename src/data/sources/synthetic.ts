/**
 * Images of any size that need no file and can be learned: each class is a plane wave, half hidden in noise.
 *
 *   pixel = ½ wave + ½ noise        wave = ½ + ½ cos(2π((u·column + v·row)/S + phase))        u, v: waves across the image, integers
 *
 * A byte is the nearest to 255 times the pixel.
 */
import { digestOfRecord } from "../../io/disk/digest.ts";
import { fold, keyOf, uniform53At, uniforms, type Key } from "../../tensor/key.ts";
import { decoded } from "../images/imageFile.ts";
import type { Pixels } from "../pixels/pixels.ts";
import type { Dataset, DataShape } from "./dataset.ts";

/** The most waves across an image. */
const MOST_WAVES = 3;
const FULL_BYTE = 255;

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

/** Makes a set of `count` images; the label of image i is i mod K. */
export function synthetic(count: number, shape: DataShape): Dataset {
  const { channels, side, classes } = shape;
  const key = fold(keyOf(SEED), "synthetic");
  const label = (i: number): number => i % classes;
  const pixelsOf = (i: number): Uint8Array => {
    const image = new Uint8Array(side ** 2 * channels);
    const noise = uniforms(fold(fold(key, "noise"), i), image.length);
    for (let c = 0, draw = 0; c < channels; c++) {
      const { u, v, phase } = waveOf(fold(fold(fold(key, "class"), label(i)), c));
      for (let row = 0; row < side; row++)
        for (let column = 0; column < side; column++, draw++) {
          const wave = 0.5 + 0.5 * Math.cos(2 * Math.PI * ((u * column + v * row) / side + phase));
          image[(row * side + column) * channels + c] = Math.round(FULL_BYTE * (0.5 * wave + 0.5 * (noise[draw] ?? 0)));
        }
    }
    return image;
  };
  const name = `synthetic:${count}`;
  const image = (i: number): Pixels => ({ data: pixelsOf(i), width: side, height: side, channels });
  return {
    name,
    classes: Array.from({ length: classes }, (_, c) => `${c}`),
    channels,
    side,
    count,
    label,
    image,
    open: (i) => decoded(image(i)),
    nameOf: (i) => `${name}: image ${i}`,
    handle: { kind: "named", text: name, shape },
    digest: digestOfRecord({ name, ...shape }),
    close: () => undefined,
  };
}
