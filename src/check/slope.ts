/**
 * The slope of a curve φ at 0 from differences of many widths. The widest ones are off by truncation, the narrowest by rounding, and where in
 * between they agree with their neighbours the slope is read; how far they disagree there is its uncertainty.
 */

/** φ(h) − φ(0), and how much rounding it may hold, in units of u·Σ|terms|. NaN where the function gives no number. */
export interface Gain {
  readonly gain: number;
  readonly mass: number;
}

/** Differences of one width. */
export interface Sample {
  readonly h: number;
  /** (8(φ(h) − φ(−h)) − (φ(2h) − φ(−2h)))/12h: exact for polynomials of degree 4. */
  readonly central: number;
  /** (4φ(h) − φ(2h))/2h and the same from the other side: exact for degree 2. */
  readonly left: number;
  readonly right: number;
  /** φ(h) − φ(−h), which goes to 0 with h unless φ jumps. */
  readonly jump: number;
  readonly mass: number;
}

export interface Slope {
  readonly kind: "smooth" | "kink" | "jump";
  readonly central: number;
  readonly left: number;
  readonly right: number;
  readonly uncertainty: number;
}

/** Rounding of a result: a few units in the last place of its terms. */
const ROUNDINGS = 4;
/** Slopes from both sides that differ by less than this share are those of a smooth curve, on closer inspection or not. */
const KINK = 0.01;
/** Differences of so many times their rounding are no rounding. */
const CLEARLY = 8;

export async function sampleAt(curve: (h: number) => Promise<Gain>, h: number): Promise<Sample> {
  const [a, b, c, d] = [await curve(h), await curve(-h), await curve(2 * h), await curve(-2 * h)];
  return {
    h,
    central: (8 * (a.gain - b.gain) - (c.gain - d.gain)) / (12 * h),
    right: (4 * a.gain - c.gain) / (2 * h),
    left: (d.gain - 4 * b.gain) / (2 * h),
    jump: a.gain - b.gain,
    mass: Math.max(a.mass, b.mass, c.mass, d.mass),
  };
}

/** @param unit relative rounding of one operation: 2⁻⁵³ for f64 */
export const roundingOf = ({ mass, h }: Sample, unit: number): number => (ROUNDINGS * unit * mass) / h;

const sides = ({ left, right }: Sample): number => Math.abs(right - left);

/** Whether the slopes from both sides differ by more than rounding. */
export const looksKinked = (s: Sample, unit: number): boolean =>
  sides(s) > KINK * Math.max(Math.abs(s.left), Math.abs(s.right)) + CLEARLY * roundingOf(s, unit);

/** A curve's slopes from both sides come together 256 times closer in a width 16 times smaller; those of a kink do not. */
const staysKinked = (wide: Sample, narrow: Sample, unit: number): boolean => looksKinked(narrow, unit) && sides(narrow) > sides(wide) / 2;

/** A jump is as high at a width 16 times smaller. */
const jumps = (wide: Sample, narrow: Sample, unit: number): boolean =>
  Math.abs(narrow.jump) > CLEARLY * narrow.h * roundingOf(narrow, unit) && Math.abs(narrow.jump) > Math.abs(wide.jump) / 2;

/**
 * The slope that differences of these widths agree on; null if the function gives no number on one side or the other at every width.
 *
 * @param samples the widest first, neighbours of a like ratio of widths
 */
export function slopeOf(samples: readonly Sample[], unit: number): Slope | null {
  const usable = samples.filter(({ central }) => Number.isFinite(central));
  const errors = usable.map((sample, i) => {
    const neighbours = [usable[i - 1], usable[i + 1]].filter((other) => other !== undefined);
    const apart = neighbours.map(({ central }) => Math.abs(central - sample.central));
    return Math.max(roundingOf(sample, unit), ...(apart.length === 0 ? [Infinity] : apart));
  });
  const uncertainty = Math.min(...errors);
  const at = errors.indexOf(uncertainty);
  const best = usable[at];
  if (best === undefined) return null;
  const [wide, narrow] = at + 1 < usable.length ? [best, usable[at + 1]] : [usable[at - 1], best];
  const { central, left, right } = best;
  if (wide === undefined || narrow === undefined) return { kind: "smooth", central, left, right, uncertainty };
  const [last, lastButOne] = [usable.at(-1), usable.at(-2)];
  const jumped = last !== undefined && lastButOne !== undefined && jumps(lastButOne, last, unit);
  const kind = jumped ? "jump" : staysKinked(wide, narrow, unit) ? "kink" : "smooth";
  return { kind, central, left, right, uncertainty };
}
