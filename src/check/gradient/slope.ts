/**
 * The slope of a curve φ at 0, from differences of many widths. Truncation spoils the widest ones and rounding the narrowest. The slope is taken
 * where neighbouring widths in between agree best; how far they disagree there is its uncertainty.
 */
import { fourPoint } from "../stencil.ts";

/** φ(h) − φ(0), NaN where the function returns no number; and `mass` = Σ|terms|, to which its rounding error is proportional. */
export interface Gain {
  readonly gain: number;
  readonly mass: number;
}

/** The differences of one width. */
export interface Sample {
  readonly h: number;
  /** By the 4-point stencil. */
  readonly central: number;
  /** The slopes from both sides, (4φ(h) − φ(2h))/2h on the right: exact for polynomials of degree 2. */
  readonly left: number;
  readonly right: number;
  /** Whether no output moved at all. */
  readonly still: boolean;
  /** φ(h) − φ(−h), which goes to 0 with h unless φ jumps. */
  readonly jump: number;
  readonly mass: number;
}

export interface Slope {
  readonly kind: "smooth" | "kink" | "jump";
  /** The width at which it was taken. */
  readonly h: number;
  readonly central: number;
  readonly left: number;
  readonly right: number;
  readonly uncertainty: number;
}

/** The rounding error of a result: a few units in the last place of its terms. */
const ROUNDINGS = 4;
/** Slopes from both sides that differ by less than this share count as those of a smooth curve. */
const KINK = 0.01;
/** Differences of this many times their rounding error are real. */
const CLEARLY = 8;

export async function sampleAt(curve: (h: number) => Promise<Gain>, h: number): Promise<Sample> {
  const [a, b, c, d] = [await curve(h), await curve(-h), await curve(2 * h), await curve(-2 * h)];
  const mass = Math.max(a.mass, b.mass, c.mass, d.mass);
  return {
    h,
    still: mass === 0,
    central: fourPoint(a.gain - b.gain, c.gain - d.gain, h),
    right: (4 * a.gain - c.gain) / (2 * h),
    left: (d.gain - 4 * b.gain) / (2 * h),
    jump: a.gain - b.gain,
    mass,
  };
}

/** @param unit relative rounding of one operation: 2⁻⁵³ for f64 */
export const roundingOf = ({ mass, h }: Sample, unit: number): number => (ROUNDINGS * unit * mass) / h;

const sides = ({ left, right }: Sample): number => Math.abs(right - left);

/** Whether the slopes from both sides differ by more than rounding errors. */
export const looksKinked = (s: Sample, unit: number): boolean =>
  sides(s) > KINK * Math.max(Math.abs(s.left), Math.abs(s.right)) + CLEARLY * roundingOf(s, unit);

/**
 * Whether the slopes from both sides stay apart, as they do at a kink. On a smooth curve, their difference is 256 times smaller at a width 16
 * times smaller; at a kink, each of them stays the same; slopes of noise do neither.
 */
function staysKinked(wide: Sample, narrow: Sample, unit: number): boolean {
  const apart = sides(narrow);
  const settled = Math.max(Math.abs(wide.left - narrow.left), Math.abs(wide.right - narrow.right)) < apart / 4;
  return settled && looksKinked(narrow, unit);
}

/** The samples without those that look kinked only because their width exceeds the curve's bends: a narrower, sufficiently exact width shows no kink. */
const withinBends = (samples: readonly Sample[], unit: number): readonly Sample[] =>
  samples.filter((sample, i) => {
    const seen = (narrow: Sample): boolean => CLEARLY * roundingOf(narrow, unit) < sides(sample) / 4;
    return !looksKinked(sample, unit) || !samples.slice(i + 1).some((narrow) => seen(narrow) && !looksKinked(narrow, unit));
  });

/** Jumps are higher than this share of the terms; lower ones may be rounding inside the function. */
const JUMP = 1e-5;

/** Whether the curve jumps: a jump is just as high at a width 16 times smaller. */
function jumps(wide: Sample, narrow: Sample): boolean {
  const [high, low] = [Math.abs(wide.jump), Math.abs(narrow.jump)];
  return low > JUMP * narrow.mass && low > high / 2 && low < 2 * high;
}

/** The uncertainty of the slope of one width. */
interface Uncertainty {
  readonly apart: number;
  readonly own: number;
}

/** A width 16 times smaller has 65536 times less truncation error; this share of a difference is attributed to it. */
const TRUNCATION = 1 / 256;

/**
 * The rounding error grows as 1/h, so that every narrower width shows a sample of it; the truncation error shows in the difference from the next
 * wider width. For the widest width, the uncertainty is the whole difference from the next narrower one, and for the narrowest that from the next
 * wider one.
 */
function uncertaintyAt(samples: readonly Sample[], i: number, unit: number): Uncertainty {
  const [sample, wider, narrower] = [samples[i], samples[i - 1], samples[i + 1]];
  if (sample === undefined || (wider === undefined && narrower === undefined)) return { apart: Infinity, own: Infinity };
  const gap = (other: Sample | undefined): number => (other === undefined ? 0 : Math.abs(other.central - sample.central));
  const noise = samples.slice(i + 1).map((other) => (gap(other) * other.h) / sample.h);
  const rounding = Math.max(roundingOf(sample, unit), ...noise);
  const truncation = wider === undefined ? gap(narrower) : gap(wider) * (narrower === undefined ? 1 : TRUNCATION);
  return { apart: Math.max(rounding, gap(wider), gap(narrower)), own: Math.max(rounding, truncation) };
}

/** Slopes below this share of the steepest one count as 0. */
const FLAT = 1e-3;

/** Whether the central slope is the mean of those from both sides, as it is at widths at which the curve is straight on each side. */
const isStraight = ({ left, right, central }: Sample): boolean => Math.abs(left + right - 2 * central) <= STRAIGHT * Math.abs(central);
const STRAIGHT = 0.1;

/** The sample where the curve is straight and neighbouring widths agree best, relative to their slope. */
function bestOf(samples: readonly Sample[], uncertainties: readonly Uncertainty[]): number {
  const slopes = samples.map(({ central }) => Math.abs(central));
  const floor = FLAT * Math.max(...slopes);
  const shares = slopes.map((slope, i) => (uncertainties[i]?.apart ?? Infinity) / (Math.max(slope, floor) || 1));
  const straight = shares.map((share, i) => (samples[i] !== undefined && isStraight(samples[i]) ? share : Infinity));
  const least = Math.min(...straight);
  return least === Infinity ? shares.indexOf(Math.min(...shares)) : straight.indexOf(least);
}

/**
 * The slope on which the differences of these widths agree; null if at every width the function returns no number on one side or the other.
 *
 * @param samples the widest first; the ratio of neighbouring widths is constant
 */
export function slopeOf(samples: readonly Sample[], unit: number): Slope | null {
  const usable = withinBends(
    samples.filter(({ central }) => Number.isFinite(central)),
    unit,
  );
  const uncertainties = usable.map((_, i) => uncertaintyAt(usable, i, unit));
  const at = bestOf(usable, uncertainties);
  const best = usable[at];
  if (best === undefined) return null;
  const { h, central, left, right } = best;
  const flat = usable.find((sample) => sample.still && roundingOf(sample, unit) < FLAT * Math.abs(central)); // a step: nothing moves at this width, which rounding does not explain
  if (flat !== undefined) return { kind: "smooth", h: flat.h, central: 0, left: 0, right: 0, uncertainty: roundingOf(flat, unit) };
  const slope = { h, central, left, right, uncertainty: uncertainties[at]?.own ?? Infinity };
  const [lastButOne, last] = usable.slice(-2);
  if (last !== undefined && lastButOne !== undefined && jumps(lastButOne, last)) return { kind: "jump", ...slope };
  const [wide, narrow] = at + 1 < usable.length ? [best, usable[at + 1]] : [usable[at - 1], best];
  const kinked = wide !== undefined && narrow !== undefined && staysKinked(wide, narrow, unit);
  return { kind: kinked ? "kink" : "smooth", ...slope };
}
