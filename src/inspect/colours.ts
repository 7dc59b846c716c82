/**
 * Colours for numbers: the scheme cubehelix (Green 2011, Bull. Astr. Soc. India 39, 289, arXiv 1108.5083), which goes from black to white in even steps of
 * perceived brightness, so that it is also legible in grey.
 *
 *   φ = 2π(s/3 + rλ)      a = hλ(1 − λ)/2                  λ from 0 to 1; s: the hue at the start, r: turns through the hues, h: saturation
 *   red    λ + a(−0.14861 cos φ + 1.78277 sin φ)
 *   green  λ + a(−0.29227 cos φ − 0.90649 sin φ)
 *   blue   λ + a(+1.97294 cos φ)
 */

/** Red, green and blue, each in [0, 1]. */
export type Colour = readonly [red: number, green: number, blue: number];

/** The parameters of the scheme. */
export interface Cubehelix {
  /** s */
  readonly start: number;
  /** r */
  readonly turns: number;
  /** h */
  readonly saturation: number;
}

/** From black through violet, red and yellow to white: a little more than half a turn, so that no hue repeats. */
export const warm: Cubehelix = { start: 0, turns: 0.6, saturation: 1.4 };

const inRange = (x: number): number => Math.min(1, Math.max(0, x));

/** The colour of λ: black at 0 and below, white at 1 and above. */
export function cubehelix(lambda: number, { start, turns, saturation }: Cubehelix): Colour {
  const x = inRange(lambda);
  const angle = 2 * Math.PI * (start / 3 + turns * x);
  const a = (saturation * x * (1 - x)) / 2;
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  return [
    inRange(x + a * (-0.14861 * cos + 1.78277 * sin)),
    inRange(x + a * (-0.29227 * cos - 0.90649 * sin)),
    inRange(x + a * (1.97294 * cos)),
  ];
}
