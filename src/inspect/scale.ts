/**
 * Converts attention to brightness. A map says how many times the even share each patch gets: x, which is 1 everywhere if attention is uniform. Each
 * doubling of x raises the brightness by the same step, and the even share lies in the middle:
 *
 *   λ = ½ + log₂(x)/2d          black at 2^(−d) and below, white at 2^d and above
 */

/** d: doublings from the middle of a scale to its ends. */
export type Doublings = number;

/** The scales to choose from; with wider ones the steps would be too small to distinguish. */
const SCALES: readonly Doublings[] = [1, 2, 4];

/** The brightness λ of x times the even share, from 0 (black) to 1 (white). */
export const brightness = (x: number, d: Doublings): number => (x > 0 ? Math.min(1, Math.max(0, 0.5 + Math.log2(x) / (2 * d))) : 0);

/** What each patch gets, divided by the even share; all 0 if the even share is 0. */
export const timesEven = (patches: Float64Array, even: number): Float64Array => patches.map((share) => (even > 0 ? share / even : 0));

/** The narrowest scale that covers all of these maps, else the widest. */
export function scaleOf(maps: readonly Float64Array[]): Doublings {
  const most = maps.reduce((all, map) => map.reduce((a, x) => Math.max(a, Math.abs(Math.log2(x))), all), 0);
  return SCALES.find((d) => most <= d) ?? Math.max(...SCALES);
}

/** A number next to a scale. */
export interface Tick {
  /** λ */
  readonly at: number;
  /** `½×` */
  readonly text: string;
}

const FRACTIONS: { readonly [denominator: number]: string } = { 2: "½", 4: "¼" };

/** The numbers at the ends, the middle and half-way, in times the even share. An end stands for all values beyond it. */
export function ticksOf(d: Doublings): readonly Tick[] {
  const half = d / 2;
  return [-d, ...(Number.isInteger(half) ? [-half, 0, half] : [0]), d].map((power) => {
    const whole = 2 ** Math.abs(power);
    const sign = power === -d ? "≤ " : power === d ? "≥ " : "";
    return { at: 0.5 + power / (2 * d), text: `${sign}${power < 0 ? (FRACTIONS[whole] ?? `1/${whole}`) : whole}×` };
  });
}
