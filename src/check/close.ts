/** Comparison of two arrays: how far they are apart, where, and a description in one line. */
import type { Precision } from "../kernels/engine.ts";
import { show, size } from "../tensor/tensor.ts";
import type { HostArray, Leaves } from "./host.ts";

/** The comparison of two arrays at the element where they are furthest apart. */
export interface Comparison {
  /** Largest |actual − expected|, divided by the scale (by 1 if all expected values are 0); Infinity if NaN or an infinity is on one side only. */
  readonly error: number;
  /** Flat index of the worst element. */
  readonly worst: number;
  /** The actual value at the worst element. */
  readonly actual: number;
  /** The expected value there. */
  readonly expected: number;
  /** Largest |expected|. */
  readonly scale: number;
}

/** |actual − expected|. NaN equals NaN only, and an infinity only one of the same sign. */
function distance(actual: number, expected: number): number {
  if (Object.is(actual, expected) || actual === expected) return 0;
  const gap = Math.abs(actual - expected);
  return Number.isFinite(gap) ? gap : Infinity;
}

/** Where two arrays are furthest apart, and by how much; the error is Infinity if their shapes differ. */
export function compare(actual: HostArray, expected: HostArray): Comparison {
  if (show(actual.shape) !== show(expected.shape)) return { error: Infinity, worst: 0, actual: NaN, expected: NaN, scale: NaN };
  const finite = expected.data.map((x) => (Number.isFinite(x) ? Math.abs(x) : 0));
  const scale = finite.reduce((a, b) => Math.max(a, b), 0);
  let [worst, most] = [0, 0];
  for (let i = 0; i < expected.data.length; i++) {
    const d = distance(actual.data[i] ?? NaN, expected.data[i] ?? NaN);
    if (d > most) [worst, most] = [i, d];
  }
  return { error: most / (scale || 1), worst, actual: actual.data[worst] ?? NaN, expected: expected.data[worst] ?? NaN, scale };
}

/** The error of `compare`. */
export const gap = (actual: HostArray, expected: HostArray): number => compare(actual, expected).error;

/** Largest absolute value in all arrays. */
export const scaleOf = (leaves: Leaves): number =>
  [...leaves.values()].reduce((most, { data }) => data.reduce((m, x) => Math.max(m, Math.abs(x)), most), 0);

/**
 * The worst error of two sets of named arrays; Infinity if their names differ. An error is a share of the array's own scale or of `floor`,
 * whichever is larger: an array whose terms cancel to almost 0 keeps the rounding errors of these terms.
 */
export function gapOfLeaves(actual: Leaves, expected: Leaves, floor = 0): number {
  if (actual.size !== expected.size) return Infinity;
  let worst = 0;
  for (const [name, want] of expected) {
    const got = actual.get(name);
    if (got === undefined) return Infinity;
    const { error, scale } = compare(got, want);
    worst = Math.max(worst, floor > scale ? (error * (scale || 1)) / floor : error);
  }
  return worst;
}

/** A leaf whose true gradient is 0 holds rounding errors of the others. Errors are relative to at least this share of the largest gradient. */
const SMALLEST_LEAF: { readonly [P in Precision]: number } = { f64: 1e-3, f32: 1e-1, f16: 1e-1 };

/**
 * The worst error of two sets of gradients.
 *
 * @param terms the scale of the terms that the gradients are sums of, in case all of them cancel
 */
export const gapOfGradients = (actual: Leaves, expected: Leaves, terms: number, precision: Precision): number =>
  gapOfLeaves(actual, expected, SMALLEST_LEAF[precision] * Math.max(terms, scaleOf(expected)));

/** Axis indices of flat index i. */
export function indexOf(shape: readonly number[], i: number): readonly number[] {
  return shape.map((length, axis) => Math.floor(i / size(shape.slice(axis + 1))) % length);
}

/** `grads.x[0, 3]: 1.25 instead of 1.5 (error 0.17 of scale, 1.7 of what is allowed)` */
export function describe(name: string, actual: HostArray, expected: HostArray, bound: number): string {
  if (show(actual.shape) !== show(expected.shape)) return `${name}: shape ${show(actual.shape)} instead of ${show(expected.shape)}`;
  const c = compare(actual, expected);
  const share = bound > 0 ? `, ${(c.error / bound).toPrecision(3)} of what is allowed` : "";
  return `${name}${show(indexOf(expected.shape, c.worst))}: ${c.actual} instead of ${c.expected} (error ${c.error.toPrecision(3)} of scale ${c.scale.toPrecision(3)}${share})`;
}

/** Exponent of the smallest normal number, and bits of the fraction. */
const FORMATS: { readonly [P in Precision]: readonly [least: number, bits: number] } = {
  f64: [-1022, 52],
  f32: [-126, 23],
  f16: [-14, 10],
};

/** The distance in units in the last place (ulps) of the precision, at `expected`. */
export function ulps(actual: number, expected: number, precision: Precision = "f64"): number {
  const [least, bits] = FORMATS[precision];
  const exponent = Math.max(Math.floor(Math.log2(Math.abs(expected) || Number.MIN_VALUE)), least);
  return distance(actual, expected) / 2 ** (exponent - bits);
}
