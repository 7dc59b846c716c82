/** Describes what the numbers of a wrong tensor show: a factor, a shift, exchanged axes, another order, where the wrong values are. */
import { compare, indexOf } from "../../check/close.ts";
import type { HostArray } from "../../check/host.ts";
import { show, size } from "../../tensor/tensor.ts";

/** Arrays count as the same if their difference is below this share of their scale. */
const SAME = 1e-6;

/** How many indices of an axis a hint names at most. */
const SHOWN = 8;

const DIGITS = 6;
const text = (x: number): string => String(Number(x.toPrecision(DIGITS)));

/** Whether two arrays hold the same numbers. */
export const same = (recorded: HostArray, right: HostArray): boolean => compare(recorded, right).error <= SAME;
const mapped = (a: HostArray, f: (x: number, i: number) => number): HostArray => ({ shape: a.shape, data: a.data.map(f) });

/** The number of indices for which something holds, and the first of them. */
function indicesWhere(length: number, holds: (i: number) => boolean): { readonly count: number; readonly first: number } {
  let [count, first] = [0, -1];
  for (let i = 0; i < length; i++) {
    if (!holds(i)) continue;
    if (count === 0) first = i;
    count++;
  }
  return { count, first };
}

function nonFinite({ shape, data }: HostArray, right: HostArray): string | null {
  const { count, first } = indicesWhere(data.length, (i) => !Number.isFinite(data[i]) && Number.isFinite(right.data[i]));
  return count === 0 ? null : `${count} of ${data.length} values are not finite, the first at ${show(indexOf(shape, first))}`;
}

function zeros({ data }: HostArray): string | null {
  return data.length > 0 && data.every((x) => x === 0) ? "all recorded values are 0" : null;
}

/** Σ aᵢbᵢ */
const inner = (a: HostArray, b: HostArray): number => a.data.reduce((total, x, i) => total + x * (b.data[i] ?? 0), 0);

/** A known factor, and what it stands for. */
export interface Factor {
  readonly value: number;
  readonly says: string;
}

/** c of recorded = c·right, by least squares; null: recorded is not a multiple of right. */
export function multipleOf(recorded: HostArray, right: HostArray): number | null {
  const c = inner(recorded, right) / inner(right, right);
  const times = (x: number): number => c * x;
  return c !== 0 && Number.isFinite(c) && same(recorded, mapped(right, times)) ? c : null;
}

/** `3 times the right ones (τ)`, and whether c is a known factor. */
export function factorText(c: number, factors: readonly Factor[]): { readonly text: string; readonly known: boolean } {
  const named = factors.find(({ value }) => Math.abs(c / value - 1) < SAME)?.says;
  return { text: `${text(c)} times the right ones${named === undefined ? "" : ` (${named})`}`, known: named !== undefined };
}

/** A scalar is a multiple of any other scalar, so that is a hint only if the factor is known. */
function ratio(recorded: HostArray, right: HostArray, factors: readonly Factor[]): string | null {
  const c = multipleOf(recorded, right);
  if (c === null) return null;
  const { text: multiple, known } = factorText(c, [{ value: -1, says: "the sign is reversed" }, ...factors]);
  return known || right.data.length > 1 ? `the recorded values are ${multiple}` : null;
}

function offset(recorded: HostArray, right: HostArray): string | null {
  if (right.data.length === 1) return null;
  const c = recorded.data.reduce((total, x, i) => total + x - (right.data[i] ?? NaN), 0) / recorded.data.length;
  const plus = (x: number): number => x + c;
  return same(recorded, mapped(right, plus)) ? `the recorded values are the right ones plus ${text(c)}` : null;
}

/** A hint if the recorded values are right once two axes are exchanged. */
function transposition(recorded: HostArray, right: HostArray): string | null {
  const { shape } = right;
  for (let a = 0; a < shape.length; a++)
    for (let b = a + 1; b < shape.length; b++) {
      if (shape[a] !== shape[b] || (shape[a] ?? 0) < 2) continue;
      const at = (i: number): number => {
        const index = [...indexOf(shape, i)];
        [index[a], index[b]] = [index[b] ?? 0, index[a] ?? 0];
        return right.data[index.reduce((flat, x, axis) => flat * (shape[axis] ?? 1) + x, 0)] ?? NaN;
      };
      const exchanged = mapped(right, (_, i) => at(i));
      if (same(recorded, exchanged)) return `axes ${a} and ${b} are exchanged`;
    }
  return null;
}

/** The longest axis whose slices are compared in another order. */
const LONGEST = 64;

/** The slices of an array at each index of an axis. */
function slicesOf({ shape, data }: HostArray, axis: number): readonly HostArray[] {
  const [length, inner] = [shape[axis] ?? 0, size(shape.slice(axis + 1))];
  return Array.from({ length }, (_, at) => {
    const slice = data.filter((__, i) => Math.floor(i / inner) % length === at);
    return { shape: [slice.length], data: slice };
  });
}

/** A hint if the recorded values are the right ones with the slices of an axis, or all values, in another order. */
function permutation(recorded: HostArray, right: HostArray): string | null {
  for (const [axis, length] of right.shape.entries()) {
    if (length < 2 || length > LONGEST) continue;
    const slices = slicesOf(right, axis);
    const order = slicesOf(recorded, axis).map((slice) => slices.findIndex((candidate) => same(slice, candidate)));
    if (order.includes(-1) || new Set(order).size < length || order.every((j, i) => j === i)) continue;
    return `along axis ${axis} the recorded slices are the right ones in the order ${show(order)}`;
  }
  const sorted = (a: HostArray): HostArray => ({ shape: a.shape, data: a.data.toSorted((x, y) => x - y) });
  return same(sorted(recorded), sorted(right)) ? "the recorded values are the right ones in another order" : null;
}

/** Where the wrong values are, if they are in only a part of the tensor. */
function location(recorded: HostArray, right: HostArray): string | null {
  const { shape } = right;
  const allowed = SAME * (compare(recorded, right).scale || 1);
  const touched = shape.map(() => new Set<number>());
  const { count, first } = indicesWhere(recorded.data.length, (i) => {
    const wrong = !(Math.abs((recorded.data[i] ?? NaN) - (right.data[i] ?? NaN)) <= allowed);
    if (wrong) for (const [axis, at] of indexOf(shape, i).entries()) touched[axis]?.add(at);
    return wrong;
  });
  if (count === 0 || count === recorded.data.length) return null;
  if (count === 1) return `one value is wrong, at ${show(indexOf(shape, first))}`;
  const only = shape.flatMap((length, axis) => {
    const at = [...(touched[axis] ?? [])];
    if (length < 2 || at.length > length / 2) return [];
    return [`indices ${at.slice(0, SHOWN).join(", ")}${at.length > SHOWN ? ", …" : ""} of axis ${axis}`];
  });
  return `${count} of ${recorded.data.length} values are wrong${only.length === 0 ? "" : `, all at ${only.join(" and ")}`}`;
}

/** Other orders are looked for in tensors of up to this many values. */
const SORTABLE = 2 ** 22;

/** What the numbers show, the strongest hint first. Each would explain all wrong values, except the last, which says where they are. */
export function hintsOf(recorded: HostArray, right: HostArray, factors: readonly Factor[]): readonly string[] {
  if (same(recorded, right))
    return [
      `the recorded values differ by less than ${SAME} of their scale: perhaps a constant such as ε, or arithmetic of lower precision`,
    ];
  const whole = [
    nonFinite(recorded, right),
    zeros(recorded),
    ratio(recorded, right, factors),
    offset(recorded, right),
    ...(recorded.data.length <= SORTABLE ? [transposition(recorded, right), permutation(recorded, right)] : []),
  ];
  return [...whole, location(recorded, right)].filter((hint) => hint !== null);
}
