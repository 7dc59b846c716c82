/**
 * One pullback against finite differences, input by input:
 *
 *   ⟨x̄, v⟩ = d/dh ⟨ȳ, f(x + h·v) − f(x)⟩ at h = 0          x̄ from the vjp of ȳ
 *
 * along every coordinate of a small input; along some, and along a random direction, of a large one. A direction that is off is halved until
 * the coordinate at fault is found.
 */
import { indexOf } from "./close.ts";
import { checkedGradients, checkedOutput, copy, finiteOutput, mapArrays, type Arrays, type Differentiable } from "./differentiable.ts";
import type { Draw } from "./draw.ts";
import type { HostArray } from "./host.ts";
import { derivative, STEP } from "./stencil.ts";

/** The two sides at one coordinate, or along a direction. */
export interface Finding {
  readonly input: string;
  /** null: along a direction of the whole input. */
  readonly index: readonly number[] | null;
  readonly analytic: number;
  readonly numeric: number;
  /** |analytic − numeric| over the larger of them, but see `FLOOR`; Infinity where one is not finite. */
  readonly error: number;
}

/** An input of so many numbers is tried at each of them; a larger one at `SAMPLED`, and along a direction. */
const SMALL = 64;
const SAMPLED = 16;

/** Errors are relative to no less than this share of the input's largest gradient, and of Σ|ȳ ⊙ y| over the outputs that move. */
const FLOOR = 1e-3;

/** Steps of the stencil. The short one is for functions with a kink nearer than the long one; rounding costs it two digits. */
const LONG = STEP;
const SHORT = STEP / 64;

/** A direction in one input: its components at some flat indices. */
type Direction = readonly (readonly [i: number, component: number])[];

const coordinate = (i: number): Direction => [[i, 1]];

function moved({ shape, data }: HostArray, direction: Direction, h: number): HostArray {
  const next = Float64Array.from(data);
  for (const [i, component] of direction) next[i] = (next[i] ?? NaN) + h * component;
  return { shape, data: next };
}

/** What the comparisons in one input have in common. */
interface Place {
  readonly input: string;
  readonly x: HostArray;
  readonly gradient: HostArray;
  readonly y: HostArray;
  readonly dOut: HostArray;
  /** The output with x moved. */
  readonly at: (x: HostArray) => Promise<HostArray>;
}

async function compareWithStep({ input, x, gradient, y, dOut, at }: Place, direction: Direction, step: number): Promise<Finding> {
  let active = 0;
  const gain = async (h: number): Promise<number> => {
    const out = await at(moved(x, direction, h));
    let [sum, mass] = [0, 0];
    for (const [i, before] of y.data.entries()) {
      const [after, weight] = [out.data[i] ?? NaN, dOut.data[i] ?? NaN];
      if (after === before) continue;
      sum += weight * (after - before);
      mass += Math.abs(weight * before);
    }
    active = Math.max(active, mass);
    return sum;
  };
  const numeric = await derivative(gain, step);
  const terms = direction.map(([i, component]) => (gradient.data[i] ?? NaN) * component);
  const analytic = terms.reduce((sum, term) => sum + term, 0);
  const contributions = terms.reduce((sum, term) => sum + Math.abs(term), 0);
  const largest = gradient.data.reduce((most, g) => Math.max(most, Math.abs(g)), 0);
  const [first] = direction;
  const index = direction.length === 1 && first !== undefined ? indexOf(x.shape, first[0]) : null;
  const scale = Math.max(contributions, Math.abs(numeric), FLOOR * active, index === null ? 0 : FLOOR * largest);
  const gap = Math.abs(analytic - numeric);
  const error = gap === 0 ? 0 : gap / scale;
  return { input, index, analytic, numeric, error: Number.isNaN(error) ? Infinity : error };
}

/** Compared with a long step and, if that is off, with a short one: the better counts. */
async function compareAlong(place: Place, direction: Direction, tolerance: number): Promise<Finding> {
  const reach = direction.reduce((most, [i]) => Math.max(most, Math.abs(place.x.data[i] ?? 0)), 1);
  const first = await compareWithStep(place, direction, LONG * reach);
  if (first.error <= tolerance) return first;
  const second = await compareWithStep(place, direction, SHORT * reach);
  return second.error < first.error ? second : first;
}

/** The coordinate that is most at fault for a direction that is off; the direction itself if no coordinate is off alone. */
async function culprit(place: Place, direction: Direction, found: Finding, tolerance: number): Promise<Finding> {
  const gapOf = async (part: Direction): Promise<number> => {
    const { analytic, numeric } = await compareAlong(place, part, tolerance);
    return Number.isNaN(numeric) ? Infinity : Math.abs(analytic - numeric);
  };
  let rest = direction;
  while (rest.length > 1) {
    const middle = Math.ceil(rest.length / 2);
    const [left, right] = [rest.slice(0, middle), rest.slice(middle)];
    rest = (await gapOf(left)) < (await gapOf(right)) ? right : left;
  }
  const alone = await compareAlong(place, coordinate(rest[0]?.[0] ?? 0), tolerance);
  return alone.error > tolerance ? alone : found;
}

/** A random direction of length 1. */
function unitDirection({ shape }: HostArray, draw: Draw): Direction {
  const { data } = draw.array(shape);
  const length = Math.sqrt(data.reduce((sum, v) => sum + v * v, 0)) || 1;
  return Array.from(data, (v, i) => [i, v / length]);
}

/** The worst finding in one input. */
async function probeInput(place: Place, draw: Draw, tolerance: number): Promise<Finding | null> {
  const n = place.x.data.length;
  const bad = place.gradient.data.findIndex((g) => !Number.isFinite(g));
  if (bad !== -1) return compareAlong(place, coordinate(bad), tolerance);

  const coordinates = Array.from({ length: Math.min(n, n <= SMALL ? SMALL : SAMPLED) }, (_, i) =>
    n <= SMALL ? i : draw.integer(0, n - 1),
  );
  let worst: Finding | null = null;
  for (const i of coordinates) {
    const found = await compareAlong(place, coordinate(i), tolerance);
    if (found.error > (worst?.error ?? -1)) worst = found;
  }
  if (n <= SMALL || (worst?.error ?? 0) > tolerance) return worst;
  const direction = unitDirection(place.x, draw);
  const found = await compareAlong(place, direction, tolerance);
  return found.error > tolerance ? culprit(place, direction, found, tolerance) : found;
}

/**
 * The worst finding in any input, for a drawn cotangent; null if no input has a number.
 *
 * @throws Error where an array has a wrong shape, is missing, or an output is not finite
 */
export async function probe<Name extends string>(
  { forward, vjp }: Differentiable<Name>,
  inputs: Arrays<Name>,
  draw: Draw,
  tolerance: number,
): Promise<Finding | null> {
  const at = async (change: (a: HostArray, name: string) => HostArray): Promise<HostArray> =>
    checkedOutput(await forward(mapArrays(inputs, change)));
  const y = copy(finiteOutput(await at(copy)));
  const dOut = draw.array(y.shape);
  const gradients = checkedGradients(await vjp(mapArrays(inputs, copy), copy(dOut)), inputs);
  let worst: Finding | null = null;
  for (const [input, x] of Object.entries<HostArray>(inputs)) {
    const gradient = gradients.get(input) ?? x;
    const place = { input, x, gradient, y, dOut, at: (changed: HostArray) => at((a, name) => (name === input ? changed : copy(a))) };
    const found = await probeInput(place, draw, tolerance);
    if (found !== null && found.error > (worst?.error ?? -1)) worst = found;
  }
  return worst;
}
