/** Operators of two and three inputs that combine several elements of each: sorting, pooling, contraction. */
import type { Arrays, HostArray } from "../../../src/check.ts";
import { array, at, map, product, softmaxOf, softmaxVjp } from "../plainOps.ts";
import { named, operator, type MultiInputOp, type Vjp } from "./op.ts";

const sum = (values: ArrayLike<number>): number => Array.from(values).reduce((a, b) => a + b, 0);
const x = (arrays: Arrays): HostArray => named(arrays, "x");
const y = (arrays: Arrays): HostArray => named(arrays, "y");

/** The numbers of x, followed by those of y. */
const joined = (arrays: Arrays): readonly number[] => [...x(arrays).data, ...y(arrays).data];
/** The indices of the joined numbers, in ascending order of the numbers. */
const order = (arrays: Arrays): readonly number[] => {
  const numbers = joined(arrays);
  return numbers.map((_, i) => i).toSorted((i, j) => (numbers[i] ?? NaN) - (numbers[j] ?? NaN));
};

/** An operator that selects numbers of x and y; each output is one of them. */
function picking(name: string, inputs: MultiInputOp["inputs"], picked: (arrays: Arrays) => readonly number[]): MultiInputOp {
  const vjpOf =
    (indices: (arrays: Arrays) => readonly number[]): Vjp =>
    (arrays, dOut) => {
      const all = new Float64Array(joined(arrays).length);
      indices(arrays).forEach((from, i) => (all[from] = (all[from] ?? 0) + at(dOut, i)));
      const n = x(arrays).data.length;
      return { x: array(x(arrays).shape, all.slice(0, n)), y: array(y(arrays).shape, all.slice(n)) };
    };
  return operator({
    name,
    inputs,
    forward: (arrays) => array([picked(arrays).length], picked(arrays).map((i) => joined(arrays)[i] ?? NaN)), // prettier-ignore
    vjp: vjpOf(picked),
    wrong: {
      "in the order of the inputs": vjpOf((arrays) => picked(arrays).map((_, i) => i)),
      "one of them twice": vjpOf((arrays) => picked(arrays).map((from, i) => (i === 0 ? (picked(arrays)[1] ?? 0) : from))),
    },
  });
}

/** For each window of two positions, the index of the largest of its four numbers. */
const pooled = (arrays: Arrays): readonly number[] => {
  const [numbers, n] = [joined(arrays), x(arrays).data.length];
  return Array.from({ length: n / 2 }, (_, i) => [2 * i, 2 * i + 1, n + 2 * i, n + 2 * i + 1].reduce((a, b) => ((numbers[a] ?? NaN) >= (numbers[b] ?? NaN) ? a : b))); // prettier-ignore
};

const running = (arrays: Arrays): readonly number[] => {
  const numbers = joined(arrays);
  let best = 0;
  return numbers.map((value, i) => (best = value > (numbers[best] ?? NaN) ? i : best));
};

/** y = g(|x_i − y_j|), all pairs. */
const distances = operator({
  name: "|x_i − y_j|, of all pairs",
  inputs: { x: [3], y: [2] },
  forward: (arrays) => array([3, 2], Array.from({ length: 6 }, (_, i) => Math.abs(at(x(arrays), Math.floor(i / 2)) - at(y(arrays), i % 2)))), // prettier-ignore
  vjp: (arrays, dOut) => {
    const terms = map(dOut, (d, i) => d * Math.sign(at(x(arrays), Math.floor(i / 2)) - at(y(arrays), i % 2)));
    return {
      x: map(x(arrays), (_, i) => sum(terms.data.filter((__, k) => Math.floor(k / 2) === i))),
      y: map(y(arrays), (_, j) => -sum(terms.data.filter((__, k) => k % 2 === j))),
    };
  },
});

const norm = ({ data }: HostArray): number => Math.sqrt(sum(data.map((v) => v * v)));
const dot = (a: HostArray, b: HostArray): number => sum(a.data.map((v, i) => v * at(b, i)));
const cosineSlope = (a: HostArray, b: HostArray, dOut: HostArray, kept = 1): HostArray =>
  map(a, (v, i) => (at(dOut, 0) / norm(a)) * (at(b, i) / norm(b) - (kept * dot(a, b) * v) / (norm(a) ** 2 * norm(b))));

const cosine = operator({
  name: "cosine of two vectors",
  inputs: { x: [4], y: [4] },
  forward: (arrays) => array([], [dot(x(arrays), y(arrays)) / norm(x(arrays)) / norm(y(arrays))]),
  vjp: (arrays, dOut) => ({ x: cosineSlope(x(arrays), y(arrays), dOut), y: cosineSlope(y(arrays), x(arrays), dOut) }),
  wrong: {
    "the norm taken as constant": (arrays, dOut) => ({
      x: cosineSlope(x(arrays), y(arrays), dOut, 0),
      y: cosineSlope(y(arrays), x(arrays), dOut),
    }),
  },
});

const largestAt = ({ data }: HostArray): number => data.indexOf(data.reduce((a, b) => Math.max(a, b), -Infinity));
const gathered = operator({
  name: "y at the index of the largest x",
  inputs: { x: [4], y: [4] },
  forward: (arrays) => array([], [at(y(arrays), largestAt(x(arrays)))]),
  vjp: (arrays, dOut) => ({
    x: map(x(arrays), () => 0),
    y: map(y(arrays), (_, i) => (i === largestAt(x(arrays)) ? at(dOut, 0) : 0)),
  }),
  flat: ["x"],
  wrong: { "at the largest y": (arrays, dOut) => ({ x: map(x(arrays), () => 0), y: map(y(arrays), (_, i) => (i === largestAt(y(arrays)) ? at(dOut, 0) : 0)) }) }, // prettier-ignore
});

const mixture = operator({
  name: "softmax(x)·y",
  inputs: { x: [2, 3], y: [3, 2] },
  forward: (arrays) => product(softmaxOf(x(arrays)), y(arrays)),
  vjp: (arrays, dOut) => ({
    x: softmaxVjp(x(arrays), product(dOut, y(arrays), { tb: true })),
    y: product(softmaxOf(x(arrays)), dOut, { ta: true }),
  }),
  wrong: {
    "softmax left out": (arrays, dOut) => ({
      x: product(dOut, y(arrays), { tb: true }),
      y: product(softmaxOf(x(arrays)), dOut, { ta: true }),
    }),
  },
});

/** The sum of the columns. */
const columns = ({ shape: [n = 0, m = 0], data }: HostArray): HostArray =>
  array([m], Array.from({ length: m }, (_, j) => sum(Array.from({ length: n }, (__, i) => data[i * m + j] ?? NaN)))); // prettier-ignore
const before = (arrays: Arrays): HostArray => map(product(x(arrays), y(arrays)), (v, i) => v + at(named(arrays, "b"), i % 2));
const layerVjp =
  (passes: (u: number) => boolean): Vjp =>
  (arrays, dOut) => {
    const d = map(before(arrays), (u, i) => (passes(u) ? at(dOut, i) : 0));
    return { x: product(d, y(arrays), { tb: true }), y: product(x(arrays), d, { ta: true }), b: columns(d) };
  };
const layer = operator({
  name: "relu(xy + b), y a matrix",
  inputs: { x: [2, 2], y: [2, 2], b: [2] },
  forward: (arrays) => map(before(arrays), (u) => Math.max(u, 0)),
  vjp: layerVjp((u) => u > 0),
  wrong: { "ReLU left out": layerVjp(() => true), "ReLU of the other sign": layerVjp((u) => u < 0) },
});

const m = (arrays: Arrays): HostArray => named(arrays, "m");
const row = ({ data }: HostArray): HostArray => array([1, data.length], data);
const flat = ({ data }: HostArray): HostArray => array([data.length], data);
const scaled = (a: HostArray, s: number): HostArray => map(a, (v) => v * s);
const bilinearVjp =
  (transposed: boolean): Vjp =>
  (arrays, dOut) => ({
    x: scaled(flat(product(row(y(arrays)), m(arrays), { tb: transposed })), at(dOut, 0)),
    m: scaled(product(row(x(arrays)), row(y(arrays)), { ta: true }), at(dOut, 0)),
    y: scaled(flat(product(row(x(arrays)), m(arrays))), at(dOut, 0)),
  });
const bilinear = operator({
  name: "xᵀMy",
  inputs: { x: [3], m: [3, 3], y: [3] },
  forward: (arrays) => array([], [dot(x(arrays), flat(product(row(y(arrays)), m(arrays), { tb: true })))]),
  vjp: bilinearVjp(true),
  wrong: { "not transposed": bilinearVjp(false) },
});

export const arrayOps: readonly MultiInputOp[] = [
  picking("sort of x and y joined", { x: [3], y: [4] }, order),
  picking("the largest two of x and y joined", { x: [4], y: [3] }, (arrays) => order(arrays).slice(-2)),
  picking("the middle two of x and y joined", { x: [4], y: [4] }, (arrays) => order(arrays).slice(3, 5)),
  picking("the largest of two places of x and y", { x: [6], y: [6] }, pooled),
  picking("the running largest of x and then y", { x: [3], y: [3] }, running),
  distances,
  cosine,
  gathered,
  mixture,
  layer,
  bilinear,
];
