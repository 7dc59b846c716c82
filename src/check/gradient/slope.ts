/**
 * The slope of a curve φ at 0 from differences of many widths. The widest ones are off by truncation, the narrowest by rounding, and where in
 * between they agree with their neighbours the slope is read; how far they disagree there is its uncertainty.
 */
import { fourPoint } from "../stencil.ts";

/** φ(h) − φ(0), and how much rounding it may hold, in units of u·Σ|terms|. NaN where the function gives no number. */
export interface Gain {
  readonly gain: number;
  readonly mass: number;
}

/** Differences of one width. */
export interface Sample {
  readonly h: number;
  /** By the 4-point stencil. */
  readonly central: number;
  /** (4φ(h) − φ(2h))/2h and the same from the other side: exact for degree 2. */
  readonly left: number;
  readonly right: number;
  /** Whether nothing moved at all. */
  readonly still: boolean;
  /** φ(h) − φ(−h), which goes to 0 with h unless φ jumps. */
  readonly jump: number;
  readonly mass: number;
}

export interface Slope {
  readonly kind: "smooth" | "kink" | "jump";
  /** The width at which it was read. */
  readonly h: number;
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

/** Whether the slopes from both sides differ by more than rounding. */
export const looksKinked = (s: Sample, unit: number): boolean =>
  sides(s) > KINK * Math.max(Math.abs(s.left), Math.abs(s.right)) + CLEARLY * roundingOf(s, unit);

/**
 * Slopes from both sides come together 256 times closer in a width 16 times smaller, unless there is a kink: then each stays as it is. Those of
 * noise stay neither together nor as they are.
 */
function staysKinked(wide: Sample, narrow: Sample, unit: number): boolean {
  const apart = sides(narrow);
  const settled = Math.max(Math.abs(wide.left - narrow.left), Math.abs(wide.right - narrow.right)) < apart / 4;
  return settled && looksKinked(narrow, unit);
}

/** The samples without those whose kink is none in a narrower width that rounding lets see: they are wider than the curve's bends. */
const withinBends = (samples: readonly Sample[], unit: number): readonly Sample[] =>
  samples.filter((sample, i) => {
    const seen = (narrow: Sample): boolean => CLEARLY * roundingOf(narrow, unit) < sides(sample) / 4;
    return !looksKinked(sample, unit) || !samples.slice(i + 1).some((narrow) => seen(narrow) && !looksKinked(narrow, unit));
  });

/** Jumps are higher than this share of the terms; what is lower may be rounding inside of the function. */
const JUMP = 1e-5;

/** A jump is as high at a width 16 times smaller. */
function jumps(wide: Sample, narrow: Sample): boolean {
  const [high, low] = [Math.abs(wide.jump), Math.abs(narrow.jump)];
  return low > JUMP * narrow.mass && low > high / 2 && low < 2 * high;
}

/** How far a width's slope is from those of its neighbours, and how much of such differences is its own. */
interface Open {
  readonly apart: number;
  readonly own: number;
}

/** A width 16 times smaller has 65536 times less truncation; so much of a difference is taken to be left. */
const TRUNCATION = 1 / 256;

/**
 * Rounding goes with 1/h, so that every narrower width has a sample of it; truncation shows against the next wider width. All of the difference
 * is open for the widest against the next narrower, and for the narrowest against the next wider.
 */
function openAt(samples: readonly Sample[], i: number, unit: number): Open {
  const [sample, wider, narrower] = [samples[i], samples[i - 1], samples[i + 1]];
  if (sample === undefined || (wider === undefined && narrower === undefined)) return { apart: Infinity, own: Infinity };
  const gap = (other: Sample | undefined): number => (other === undefined ? 0 : Math.abs(other.central - sample.central));
  const noise = samples.slice(i + 1).map((other) => (gap(other) * other.h) / sample.h);
  const rounding = Math.max(roundingOf(sample, unit), ...noise);
  const truncation = wider === undefined ? gap(narrower) : gap(wider) * (narrower === undefined ? 1 : TRUNCATION);
  return { apart: Math.max(rounding, gap(wider), gap(narrower)), own: Math.max(rounding, truncation) };
}

/** Slopes below this share of the steepest one met are as good as 0. */
const FLAT = 1e-3;

/** Whether the middle of the slopes from both sides is the central one, as it is in widths that the curve, or its kink, is straight in. */
const isStraight = ({ left, right, central }: Sample): boolean => Math.abs(left + right - 2 * central) <= STRAIGHT * Math.abs(central);
const STRAIGHT = 0.1;

/** Where the curve is straight and neighbours agree best, relative to the slope that they agree on. */
function bestOf(samples: readonly Sample[], open: readonly Open[]): number {
  const slopes = samples.map(({ central }) => Math.abs(central));
  const floor = FLAT * Math.max(...slopes);
  const shares = slopes.map((slope, i) => (open[i]?.apart ?? Infinity) / (Math.max(slope, floor) || 1));
  const straight = shares.map((share, i) => (samples[i] !== undefined && isStraight(samples[i]) ? share : Infinity));
  const least = Math.min(...straight);
  return least === Infinity ? shares.indexOf(Math.min(...shares)) : straight.indexOf(least);
}

/**
 * The slope that differences of these widths agree on; null if the function gives no number on one side or the other at every width.
 *
 * @param samples the widest first, neighbours of a like ratio of widths
 */
export function slopeOf(samples: readonly Sample[], unit: number): Slope | null {
  const usable = withinBends(
    samples.filter(({ central }) => Number.isFinite(central)),
    unit,
  );
  const open = usable.map((_, i) => openAt(usable, i, unit));
  const at = bestOf(usable, open);
  const best = usable[at];
  if (best === undefined) return null;
  const { h, central, left, right } = best;
  const flat = usable.find((sample) => sample.still && roundingOf(sample, unit) < FLAT * Math.abs(central)); // a step that rounding is too small for
  if (flat !== undefined) return { kind: "smooth", h: flat.h, central: 0, left: 0, right: 0, uncertainty: roundingOf(flat, unit) };
  const slope = { h, central, left, right, uncertainty: open[at]?.own ?? Infinity };
  const [lastButOne, last] = usable.slice(-2);
  if (last !== undefined && lastButOne !== undefined && jumps(lastButOne, last)) return { kind: "jump", ...slope };
  const [wide, narrow] = at + 1 < usable.length ? [best, usable[at + 1]] : [usable[at - 1], best];
  const kinked = wide !== undefined && narrow !== undefined && staysKinked(wide, narrow, unit);
  return { kind: kinked ? "kink" : "smooth", ...slope };
}
