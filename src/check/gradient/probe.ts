/**
 * One case: one call of `vjp` against finite differences, input by input.
 *
 *   ⟨x̄, v⟩ = d/dh ⟨ȳ, f(x + h·v)⟩ at h = 0          x̄ = vjp(ȳ); the adjoint law ⟨ȳ, Jv⟩ = ⟨Jᵀȳ, v⟩
 *
 * The directions v are all coordinates of a small input; for a large input they are random, one in each of many parts, which together are the
 * whole input. A direction that fails is halved until the coordinate at fault is found.
 */
import { sitesOf, type Base } from "./base.ts";
import type { Calls } from "./calls.ts";
import { indexOf } from "../close.ts";
import { compareAlong, type Judged, type Verdict } from "./compare.ts";
import type { Direction, Site } from "./curve.ts";
import type { Draw } from "../draw.ts";
import type { Finding } from "./fault.ts";
import type { HostArray } from "../host.ts";

/** An input of at most SMALL numbers is moved at each of them, a larger one in PARTS parts. */
const SMALL = 64;
const PARTS = 32;

/** The comparisons of a case. */
export interface Probed {
  readonly judged: readonly Judged[];
  /** The comparison that failed, at which the case ended; null: none failed. */
  readonly off: Finding | null;
}

const coordinate = (i: number): Direction => [[i, 1]];

/** The coordinate that contributes most to the error of a direction; the direction itself if no single coordinate fails. */
async function culprit(site: Site, direction: Direction, whole: Judged, tolerance: number): Promise<Judged> {
  const gapOf = async (part: Direction): Promise<number> => {
    const { analytic, numeric } = (await compareAlong(site, part, tolerance)).finding;
    return Number.isNaN(numeric) ? Infinity : Math.abs(analytic - numeric);
  };
  let rest = direction;
  while (rest.length > 1) {
    const middle = Math.ceil(rest.length / 2);
    const [left, right] = [rest.slice(0, middle), rest.slice(middle)];
    rest = (await gapOf(left)) < (await gapOf(right)) ? right : left;
  }
  const alone = await compareAlong(site, coordinate(rest[0]?.[0] ?? 0), tolerance);
  return alone.verdict === "holds" || alone.verdict === "zero" ? whole : alone;
}

/** Directions that together reach every number of an input: its coordinates, or random unit vectors in parts of it. */
function directions({ data }: HostArray, draw: Draw): readonly Direction[] {
  const n = data.length;
  if (n <= SMALL) return Array.from({ length: n }, (_, i) => coordinate(i));
  return Array.from({ length: PARTS }, (_, part) => {
    const [from, to] = [Math.floor((part * n) / PARTS), Math.floor(((part + 1) * n) / PARTS)];
    const { data: v } = draw.array([to - from]);
    const length = Math.sqrt(v.reduce((sum, component) => sum + component * component, 0)) || 1;
    return Array.from(v, (component, i) => [from + i, component / length] as const);
  });
}

/** The comparisons of one input, up to the first that fails. */
async function probeInput(site: Site, draw: Draw, tolerance: number): Promise<Probed> {
  const judged: Judged[] = [];
  for (const direction of directions(site.x, draw)) {
    const whole = await compareAlong(site, direction, tolerance);
    const one = whole.verdict === "off" && direction.length > 1 ? await culprit(site, direction, whole, tolerance) : whole;
    judged.push(one);
    if (one.verdict === "off") return { judged, off: one.finding };
  }
  return { judged, off: null };
}

/** The first gradient that is NaN or infinite, with the value by finite differences there. */
export async function nonFinite(
  calls: Calls,
  base: Base,
  constants: readonly string[],
  draw: Draw,
  tolerance: number,
): Promise<Finding | null> {
  for (const site of sitesOf(calls, base, constants, draw)) {
    const bad = site.gradient.data.findIndex((g) => !Number.isFinite(g));
    if (bad === -1) continue;
    const nowhere = { numeric: NaN, left: NaN, right: NaN, uncertainty: NaN, error: Infinity };
    const none: Finding = { input: site.input, index: indexOf(site.x.shape, bad), analytic: site.gradient.data[bad] ?? NaN, ...nowhere };
    return compareAlong(site, coordinate(bad), tolerance).then(
      ({ finding }) => ({ ...finding, error: Infinity }),
      () => none,
    );
  }
  return null;
}

/** All comparisons of a case, up to the first that fails. */
export async function probe(calls: Calls, base: Base, constants: readonly string[], draw: Draw, tolerance: number): Promise<Probed> {
  const judged: Judged[] = [];
  for (const site of sitesOf(calls, base, constants, draw)) {
    const one = await probeInput(site, draw, tolerance);
    judged.push(...one.judged);
    if (one.off !== null) return { judged, off: one.off };
  }
  return { judged, off: null };
}

/** The findings with one of these verdicts. */
export const findingsWith = (judged: readonly Judged[], ...verdicts: readonly Verdict[]): readonly Finding[] =>
  judged.filter(({ verdict }) => verdicts.includes(verdict)).map(({ finding }) => finding);
