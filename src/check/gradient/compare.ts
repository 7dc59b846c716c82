/** One direction of one input: ⟨x̄, v⟩ from `vjp` against d/dh ⟨ȳ, f(x + h·v)⟩ at h = 0 from finite differences, and the verdict. */
import { show } from "../../tensor/tensor.ts";
import { indexOf } from "../close.ts";
import { curveOf, largestOf, massOf, widths, type Direction, type Met, type Site } from "./curve.ts";
import { Fault, type Finding } from "./fault.ts";
import type { HostArray } from "../host.ts";
import { looksKinked, sampleAt, slopeOf, type Sample, type Slope } from "./slope.ts";

/**
 * `zero`: both sides are 0 up to rounding. `kink`: the slopes from the left and from the right differ, and the gradient lies between them.
 * `jump`: there is no slope from one side either. `unresolved`: rounding hides the slope.
 */
export type Verdict = "holds" | "zero" | "off" | "kink" | "jump" | "unresolved";

export interface Judged {
  readonly finding: Finding;
  readonly verdict: Verdict;
}

/** Errors are relative to no less than this share of the input's largest gradient. */
const FLOOR = 1e-3;
/** A comparison counts if the differences resolve the slope to this share of it. */
const RESOLVED = 1e-2;
/** The uncertainty of a slope, in multiples of the disagreement of neighbouring widths. */
const SAFETY = 16;
/**
 * A gradient whose true value is 0 holds rounding errors of some terms: up to the share ZERO of Σ|ȳ ⊙ y|, divided by the width of the difference.
 * Up to the share NEARLY_ZERO it also counts as 0 if no width resolves it. Widths below the share NARROW of the largest number are not natural
 * for the function, and are not used for this.
 */
const [ZERO, NEARLY_ZERO, NARROW] = [2 ** -46, 2 ** -36, 2 ** -20];

/** Outputs that move by less than this are near the smallest normal number, 2⁻¹⁰²², and have lost digits. */
const VANISHING = 2 ** -900;

const UNITS = { f64: 2 ** -53, f32: 2 ** -24 };

/** The directional derivative by the analytic side, and what errors are relative to. */
interface Analytic {
  readonly value: number;
  /** The measured rounding error of `vjp` in it; 0 before it is measured. */
  readonly rounding: number;
  readonly scaleWith: (numeric: number) => number;
}

const termsOf = ({ data }: HostArray, direction: Direction): readonly number[] =>
  direction.map(([i, component]) => (data[i] ?? NaN) * component);
const total = (terms: readonly number[]): number => terms.reduce((sum, term) => sum + term, 0);

function analyticOf({ gradient }: Site, direction: Direction): Analytic {
  const terms = termsOf(gradient, direction);
  const contributions = terms.reduce((sum, term) => sum + Math.abs(term), 0);
  const floor = direction.length === 1 ? FLOOR * largestOf(gradient) : 0;
  return { value: total(terms), rounding: 0, scaleWith: (numeric) => Math.max(contributions, Math.abs(numeric), floor) };
}

/** How far the gradient along a direction moves if the inputs move by a unit in their last place. */
async function roundingIn(site: Site, direction: Direction, { value }: Analytic): Promise<number> {
  const gaps = (await site.nearby()).map((gradient) => Math.abs(total(termsOf(gradient, direction)) - value));
  return Math.max(0, ...gaps);
}

/** Gradients up to `zero` are rounding errors; up to `nearlyZero` they are if no width resolves them. */
interface Sizes {
  readonly zero: number;
  readonly nearlyZero: number;
}

function sizesOf(site: Site, { h }: Slope): Sizes {
  const natural = massOf(site, site.y.data.keys()) / Math.max(h, largestOf(site.x) * NARROW);
  return { zero: Math.max(ZERO * natural, VANISHING / h), nearlyZero: NEARLY_ZERO * natural };
}

/** Compares the slope with the gradient. */
function judge(
  { value, rounding, scaleWith }: Analytic,
  slope: Slope,
  { zero, nearlyZero }: Sizes,
  tolerance: number,
): Pick<Judged, "verdict"> & Pick<Finding, "uncertainty" | "error"> {
  const { kind, central, left, right } = slope;
  const scale = scaleWith(central);
  const open = SAFETY * (slope.uncertainty + rounding);
  const gap = Math.abs(value - central);
  const error = gap <= open ? 0 : (gap - open) / scale;
  const uncertainty = scale === 0 ? 0 : open / scale;
  const result = (verdict: Verdict): ReturnType<typeof judge> => ({ verdict, uncertainty, error: Number.isNaN(error) ? Infinity : error });
  if (!Number.isFinite(value)) return result("off");
  if (kind === "jump") return result("jump");
  if (kind === "kink") {
    const slack = tolerance * scale + open;
    const between = value >= Math.min(left, right) - slack && value <= Math.max(left, right) + slack;
    return result(between ? "kink" : "off");
  }
  const size = Math.max(Math.abs(value), Math.abs(central));
  if (size <= Math.max(open, zero)) return result("zero");
  if (error > tolerance && uncertainty < 1 / 2) return result("off");
  if (error <= tolerance && uncertainty <= RESOLVED) return result("holds");
  return result(size <= nearlyZero ? "zero" : "unresolved");
}

/**
 * Compares the gradient with differences of a medium width and, if they do not agree, with those of all widths.
 *
 * @throws Fault if forward returns no number on one side or the other, however little the input moves
 */
export async function compareAlong(site: Site, direction: Direction, tolerance: number): Promise<Judged> {
  const { input, x } = site;
  const [first] = direction;
  const index = direction.length === 1 && first !== undefined ? indexOf(x.shape, first[0]) : null;
  const met: Met = { active: new Set(), single: true, fault: null };
  const curve = curveOf(site, direction, met);
  const analytic = analyticOf(site, direction);
  const { all, first: begin } = widths(x, direction);
  const samples = new Map<number, Sample>();
  for (const exponent of begin) {
    const sample = await sampleAt(curve, 2 ** exponent);
    samples.set(exponent, sample);
    const { central: numeric, left, right } = sample;
    const gap = Math.abs(analytic.value - numeric);
    const scale = analytic.scaleWith(numeric);
    if (!(gap <= tolerance * scale) || looksKinked(sample, UNITS.f64)) continue;
    const error = gap === 0 ? 0 : gap / scale;
    return { verdict: "holds", finding: { input, index, analytic: analytic.value, numeric, left, right, uncertainty: 0, error } };
  }
  for (const exponent of all) if (!samples.has(exponent)) samples.set(exponent, await sampleAt(curve, 2 ** exponent));
  const unit = met.single ? UNITS.f32 : UNITS.f64;
  const mass = massOf(site, met.active);
  const ordered = all.flatMap((exponent) => samples.get(exponent) ?? []).map((s) => ({ ...s, mass: Math.max(s.mass, mass) }));
  const slope = slopeOf(ordered, unit);
  if (slope === null) throw noDifference(site, index, met.fault);
  const sizes = sizesOf(site, slope);
  const { central: numeric, left, right } = slope;
  const initial = judge(analytic, slope, sizes, tolerance);
  const slight = initial.verdict === "off" && slope.kind === "smooth" && initial.error <= RESOLVED;
  const { verdict, uncertainty, error } = slight
    ? judge({ ...analytic, rounding: await roundingIn(site, direction, analytic) }, slope, sizes, tolerance)
    : initial;
  return { verdict, finding: { input, index, analytic: analytic.value, numeric, left, right, uncertainty, error } };
}

/** The fault that prevented every difference. */
function noDifference({ input }: Site, index: readonly number[] | null, fault: Fault | null): Fault {
  const where = index === null ? input : `${input}${show(index)}`;
  const what = fault?.message ?? "forward returns no number";
  const text = `${what} as soon as ${where} moves, so that no finite difference exists; keep the inputs inside the function's domain, or name ${input} among the constants`;
  return new Fault(fault?.kind ?? "non-finite", text, { input, ...(index === null ? {} : { index }), cause: fault?.cause });
}
