/** What the numbers of a wrong tensor show where no known variant explains them. */
import { compare, indexOf } from "../check/close.ts";
import type { HostArray } from "../check/host.ts";
import { show, size } from "../tensor/tensor.ts";

/** As a share of the scale: what counts as the same numbers. */
const SAME = 1e-6;

const DIGITS = 6;
const text = (x: number): string => String(Number(x.toPrecision(DIGITS)));

const same = (recorded: HostArray, right: HostArray): boolean => compare(recorded, right).error <= SAME;
const mapped = (a: HostArray, f: (x: number, i: number) => number): HostArray => ({ shape: a.shape, data: a.data.map(f) });

function nonFinite({ shape, data }: HostArray, right: HostArray): string | null {
  const bad = [...data.keys()].filter((i) => !Number.isFinite(data[i]) && Number.isFinite(right.data[i]));
  const [first] = bad;
  if (first === undefined) return null;
  return `${bad.length} of ${data.length} values are not finite, the first at ${show(indexOf(shape, first))}`;
}

function zeros({ data }: HostArray): string | null {
  return data.length > 0 && data.every((x) => x === 0) ? "all recorded values are 0" : null;
}

/** recorded = c·right, by least squares. */
function ratio(recorded: HostArray, right: HostArray, batch: number): string | null {
  const [xy, xx] = recorded.data.reduce(([a, b], x, i) => [a + x * (right.data[i] ?? 0), b + (right.data[i] ?? 0) ** 2], [0, 0]);
  const c = xy / xx;
  if (
    xx === 0 ||
    c === 0 ||
    !Number.isFinite(c) ||
    !same(
      recorded,
      mapped(right, (x) => c * x),
    )
  )
    return null;
  const near = (value: number): boolean => Math.abs(c / value - 1) < SAME;
  const known: readonly (readonly [number, string])[] = [
    [-1, "the sign is the other one"],
    [batch, `the batch, B = ${batch}: a sum where a mean is right`],
    [1 / batch, `1/B with B = ${batch}: a mean where a sum is right`],
  ];
  const named = known.find(([value]) => near(value))?.[1];
  return `the recorded values are ${text(c)} times the right ones${named === undefined ? "" : ` (${named})`}`;
}

function offset(recorded: HostArray, right: HostArray): string | null {
  const c = recorded.data.reduce((total, x, i) => total + x - (right.data[i] ?? NaN), 0) / recorded.data.length;
  return same(
    recorded,
    mapped(right, (x) => x + c),
  )
    ? `the recorded values are the right ones plus ${text(c)}`
    : null;
}

/** Which two axes must be exchanged for the recorded values to be right. */
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
      if (
        same(
          recorded,
          mapped(right, (_, i) => at(i)),
        )
      )
        return `axes ${a} and ${b} are exchanged`;
    }
  return null;
}

/** The same slices of an axis in another order. */
function permutation(recorded: HostArray, right: HostArray): string | null {
  const { shape } = right;
  for (const [axis, length] of shape.entries()) {
    const inner = size(shape.slice(axis + 1));
    const slice = (a: HostArray, j: number): HostArray => {
      const data = a.data.filter((_, i) => Math.floor(i / inner) % length === j);
      return { shape: [data.length], data };
    };
    if (length < 2 || length > 64) continue;
    const slices = Array.from({ length }, (_, j) => slice(right, j));
    const order = Array.from({ length }, (_, i) => slices.findIndex((candidate) => same(slice(recorded, i), candidate)));
    if (order.includes(-1) || new Set(order).size < length || order.every((j, i) => j === i)) continue;
    return `along axis ${axis} the recorded slices are the right ones in the order ${show(order)}`;
  }
  const sorted = (a: HostArray): HostArray => ({ shape: a.shape, data: a.data.toSorted((x, y) => x - y) });
  return same(sorted(recorded), sorted(right)) ? "the recorded values are the right ones in another order" : null;
}

/** Where the wrong values lie, if in a part of the tensor only. */
function place(recorded: HostArray, right: HostArray): string | null {
  const { scale } = compare(recorded, right);
  const wrong = [...recorded.data.keys()].filter(
    (i) => !(Math.abs((recorded.data[i] ?? NaN) - (right.data[i] ?? NaN)) <= SAME * (scale || 1)),
  );
  const [first] = wrong;
  if (first === undefined || wrong.length === recorded.data.length) return null;
  const { shape } = right;
  if (wrong.length === 1) return `one value is wrong, at ${show(indexOf(shape, first))}`;
  const only = shape.flatMap((length, axis) => {
    const touched = [...new Set(wrong.map((i) => indexOf(shape, i)[axis] ?? 0))];
    return length > 1 && touched.length <= length / 2
      ? [`indices ${touched.slice(0, 8).join(", ")}${touched.length > 8 ? ", …" : ""} of axis ${axis}`]
      : [];
  });
  return `${wrong.length} of ${recorded.data.length} values are wrong${only.length === 0 ? "" : `, all at ${only.join(" and ")}`}`;
}

/** What is to be seen, the strongest first: each line alone would explain all wrong values, but the last, which says where they are. */
export function hintsOf(recorded: HostArray, right: HostArray, batch: number): readonly string[] {
  if (same(recorded, right))
    return [`the recorded values differ by less than ${SAME} of their scale: a constant such as ε, or a coarser arithmetic`];
  const whole = [
    nonFinite(recorded, right),
    zeros(recorded),
    ratio(recorded, right, batch),
    offset(recorded, right),
    transposition(recorded, right),
    permutation(recorded, right),
  ];
  return [...whole, place(recorded, right)].filter((hint) => hint !== null);
}
