/** The curve ⟨ȳ, f(x + h·v)⟩ as a function of h, along which a gradient is compared, and the widths h to try. */
import { show } from "../../tensor/tensor.ts";
import { finiteOutput } from "./differentiable.ts";
import { Fault } from "./fault.ts";
import type { HostArray } from "../host.ts";
import type { Gain } from "./slope.ts";

/** What the comparisons in one input have in common. */
export interface Site {
  readonly input: string;
  readonly x: HostArray;
  readonly gradient: HostArray;
  readonly y: HostArray;
  readonly dOut: HostArray;
  /** The output with x moved. */
  readonly at: (x: HostArray) => Promise<HostArray>;
  /** The gradients at inputs that differ only by rounding. */
  readonly nearby: () => Promise<readonly HostArray[]>;
}

/** A direction in one input: its components at some flat indices. */
export type Direction = readonly (readonly [i: number, component: number])[];

/**
 * Widths are powers of 2, so that x + h is exact. They go in steps of 2⁴ from 2⁻² of the largest number (or of 1) to 2⁻⁴⁰ of the number that moves;
 * the first to be tried is 2⁻¹⁰.
 */
const [WIDEST, FIRST, NARROWEST, STRIDE] = [-2, -10, -40, 4];
/** Numbers below this share of the largest number are moved as if they were that large. */
const SMALLEST = 2 ** -40;
/** An array without larger numbers does not show the scale on which its function varies; it is moved as if its numbers were 1. */
const TINY = 2 ** -300;

export const largestOf = ({ data }: HostArray): number => data.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
const exponentOf = (v: number): number => Math.floor(Math.log2(v));

/** Exponents of the widths for a direction: all of them, the widest first, and those to try first. */
export function widths(x: HostArray, direction: Direction): { readonly all: readonly number[]; readonly first: readonly number[] } {
  const most = largestOf(x);
  const array = most < TINY ? 1 : most;
  const [moving] = direction;
  const own = direction.length === 1 && moving !== undefined ? Math.abs(x.data[moving[0]] ?? 0) || array : array;
  const [large, small] = [exponentOf(array), exponentOf(Math.max(own, array * SMALLEST))];
  const top = Math.max(large, 0) + WIDEST;
  const all = Array.from({ length: Math.ceil((top - small - NARROWEST) / STRIDE) + 1 }, (_, i) => top - STRIDE * i);
  const nearest = (exponent: number): number => top - STRIDE * Math.round((top - exponent) / STRIDE);
  return { all, first: [...new Set([nearest(large + FIRST), nearest(small + FIRST)])] };
}

function moved({ shape, data }: HostArray, direction: Direction, h: number): HostArray {
  const next = Float64Array.from(data);
  for (const [i, component] of direction) next[i] = (next[i] ?? NaN) + h * component;
  return { shape, data: next };
}

/** What was observed while a curve was evaluated. */
export interface Met {
  /** The outputs that moved at any width. */
  readonly active: Set<number>;
  /** Whether every output was an f32 number; then the function rounds to f32. */
  single: boolean;
  /** The first fault, if the function returned no number somewhere. */
  fault: Fault | null;
}

/** ⟨ȳ, f(x + h·v) − f(x)⟩ as a function of h. */
export function curveOf({ input, x, y, dOut, at }: Site, direction: Direction, met: Met): (h: number) => Promise<Gain> {
  const gainTo = ({ data, shape }: HostArray): Gain => {
    if (show(shape) !== show(y.shape))
      throw new Fault("shape", `the output of forward has shape ${show(y.shape)}, and ${show(shape)} when ${input} moves`, { input });
    let [gain, mass] = [0, 0];
    for (const [i, before] of y.data.entries()) {
      const [after, weight] = [data[i] ?? NaN, dOut.data[i] ?? NaN];
      met.single &&= after === Math.fround(after);
      if (after === before) continue;
      met.active.add(i);
      gain += weight * (after - before);
      mass += Math.abs(weight) * Math.max(Math.abs(before), Math.abs(after));
    }
    return { gain, mass };
  };
  return async (h) => {
    try {
      const out = await at(moved(x, direction, h));
      finiteOutput(out);
      return gainTo(out);
    } catch (error) {
      if (!(error instanceof Fault && (error.kind === "threw" || error.kind === "non-finite"))) throw error;
      met.fault ??= error;
      return { gain: NaN, mass: 0 };
    }
  };
}

export const massOf = ({ y, dOut }: Site, outputs: Iterable<number>): number =>
  [...outputs].reduce((sum, i) => sum + Math.abs((y.data[i] ?? NaN) * (dOut.data[i] ?? NaN)), 0);
