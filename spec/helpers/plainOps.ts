/** Functions of plain arrays with correct gradients, as a user of checkGradient writes them. */
import fc from "fast-check";
import type { GradientCheck, HostArray } from "../../src/check.ts";

export const at = ({ data }: HostArray, i: number): number => data[i] ?? NaN;
export const array = (shape: readonly number[], data: ArrayLike<number>): HostArray => ({ shape, data: Float64Array.from(data) });
export const map = ({ shape, data }: HostArray, f: (value: number, i: number) => number): HostArray => ({ shape, data: data.map(f) });
const sum = (values: ArrayLike<number>): number => Array.from(values).reduce((a, b) => a + b, 0);
const scalar = (value: number): HostArray => array([], [value]);

/** Numbers that are drawn uniformly from `min` to `max`. */
export const uniform = (shape: readonly number[], min: number, max: number): fc.Arbitrary<HostArray> => {
  const length = shape.reduce((a, b) => a * b, 1);
  const number = fc.integer({ min: 0, max: 2 ** 30 }).map((n) => min + ((max - min) * (n + 0.5)) / (2 ** 30 + 1));
  return fc.array(number, { minLength: length, maxLength: length }).map((data) => array(shape, data));
};

type Check<Name extends string, Constant extends Name = never> = GradientCheck<Name, Constant>;
type Given = readonly number[] | fc.Arbitrary<HostArray>;

/** y = f(x), element by element. */
export const unary = (name: string, f: (x: number) => number, slope: (x: number) => number, x: Given = [2, 3]): Check<"x"> => ({
  name,
  forward: (a) => map(a.x, f),
  vjp: (a, dy) => ({ x: map(a.x, (value, i) => slope(value) * at(dy, i)) }),
  inputs: { x },
});

/** A function from an array to a number. */
const reduction = (name: string, f: (x: HostArray) => number, slopes: (x: HostArray) => HostArray, x: Given = [5]): Check<"x"> => ({
  name,
  forward: (a) => scalar(f(a.x)),
  vjp: (a, dy) => ({ x: map(slopes(a.x), (slope) => slope * at(dy, 0)) }),
  inputs: { x },
});

/** The matrix product of a [n, k] and b [k, m]; with `ta` or `tb`, that factor is transposed first. */
export function product(
  a: HostArray,
  b: HostArray,
  { ta = false, tb = false }: { readonly ta?: boolean; readonly tb?: boolean } = {},
): HostArray {
  const [rows, inner] = ta ? [a.shape[1] ?? 0, a.shape[0] ?? 0] : [a.shape[0] ?? 0, a.shape[1] ?? 0];
  const columns = (tb ? b.shape[0] : b.shape[1]) ?? 0;
  const out = new Float64Array(rows * columns);
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < columns; j++)
      for (let c = 0; c < inner; c++) {
        const [left, right] = [ta ? at(a, c * rows + i) : at(a, i * inner + c), tb ? at(b, j * inner + c) : at(b, c * columns + j)];
        out[i * columns + j] = (out[i * columns + j] ?? 0) + left * right;
      }
  return { shape: [rows, columns], data: out };
}

export const matmul: Check<"a" | "b"> = {
  name: "matmul",
  forward: ({ a, b }) => product(a, b),
  vjp: ({ a, b }, dy) => ({ a: product(dy, b, { tb: true }), b: product(a, dy, { ta: true }) }),
  inputs: { a: [3, 4], b: [4, 2] },
};

/** f on each row of a matrix. */
function eachRow(x: HostArray, f: (row: Float64Array, start: number) => ArrayLike<number>): HostArray {
  const width = x.shape.at(-1) ?? 1;
  const out = new Float64Array(x.data.length);
  for (let start = 0; start < out.length; start += width) out.set(Float64Array.from(f(x.data.slice(start, start + width), start)), start);
  return { shape: x.shape, data: out };
}

const softmaxRow = (row: Float64Array): Float64Array => {
  const most = row.reduce((a, b) => Math.max(a, b), -Infinity);
  const e = row.map((v) => Math.exp(v - most));
  const total = sum(e);
  return e.map((v) => v / total);
};

export const softmaxOf = (x: HostArray): HostArray => eachRow(x, softmaxRow);
export const softmaxVjp = (x: HostArray, dy: HostArray): HostArray =>
  eachRow(x, (row, start) => {
    const s = softmaxRow(row);
    const inner = sum(s.map((v, i) => v * at(dy, start + i)));
    return s.map((v, i) => v * (at(dy, start + i) - inner));
  });

export const softmax = (x: Given = [2, 4]): Check<"x"> => ({
  name: "softmax",
  forward: (a) => softmaxOf(a.x),
  vjp: (a, dy) => ({ x: softmaxVjp(a.x, dy) }),
  inputs: { x },
});

const logSoftmax: Check<"x"> = {
  name: "log-softmax",
  forward: ({ x }) => map(softmaxOf(x), Math.log),
  vjp: ({ x }, dy) => {
    const width = x.shape.at(-1) ?? 1;
    const s = softmaxOf(x);
    const total = (i: number): number => sum(dy.data.slice(i - (i % width), i - (i % width) + width));
    return { x: map(s, (v, i) => at(dy, i) - v * total(i)) };
  },
  inputs: { x: [2, 4] },
};

const EPSILON = 1e-6;

interface Normalised {
  readonly hat: Float64Array;
  readonly rstd: number;
}

function normalised(row: Float64Array): Normalised {
  const mean = sum(row) / row.length;
  const centred = row.map((v) => v - mean);
  const rstd = 1 / Math.sqrt(sum(centred.map((v) => v * v)) / row.length + EPSILON);
  return { hat: centred.map((v) => v * rstd), rstd };
}

export const layerNorm = (x: Given = [2, 5]): Check<"x" | "w" | "b"> => ({
  name: "layer norm",
  forward: (a) => eachRow(a.x, (row) => normalised(row).hat.map((v, i) => v * at(a.w, i) + at(a.b, i))),
  vjp: (a, dy) => {
    const width = a.w.data.length;
    const [dw, db] = [new Float64Array(width), new Float64Array(width)];
    const dx = eachRow(a.x, (row, start) => {
      const { hat, rstd } = normalised(row);
      const d = hat.map((_, i) => at(dy, start + i) * at(a.w, i));
      for (let i = 0; i < width; i++) {
        dw[i] = (dw[i] ?? 0) + at(dy, start + i) * (hat[i] ?? 0);
        db[i] = (db[i] ?? 0) + at(dy, start + i);
      }
      const [mean, slope] = [sum(d) / width, sum(d.map((v, i) => v * (hat[i] ?? 0))) / width];
      return d.map((v, i) => rstd * (v - mean - (hat[i] ?? 0) * slope));
    });
    return { x: dx, w: array([width], dw), b: array([width], db) };
  },
  inputs: { x, w: [5], b: [5] },
});

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
const C = Math.sqrt(2 / Math.PI);
const geluAt = (x: number): number => 0.5 * x * (1 + Math.tanh(C * (x + 0.044715 * x ** 3)));
const geluSlope = (x: number): number => {
  const t = Math.tanh(C * (x + 0.044715 * x ** 3));
  return 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * C * (1 + 3 * 0.044715 * x * x);
};
export const gelu: Check<"x"> = unary("GELU", geluAt, geluSlope);

export const biasGelu: Check<"x" | "b"> = {
  name: "bias and GELU",
  forward: ({ x, b }) => map(x, (v, i) => geluAt(v + at(b, i % b.data.length))),
  vjp: ({ x, b }, dy) => {
    const width = b.data.length;
    const dx = map(x, (v, i) => geluSlope(v + at(b, i % width)) * at(dy, i));
    return { x: dx, b: map(b, (_, j) => sum(dx.data.filter((__, i) => i % width === j))) };
  },
  inputs: { x: [3, 2], b: [2] },
};

export const attention: Check<"q" | "k" | "v"> = {
  name: "attention",
  forward: ({ q, k, v }) => product(softmaxOf(map(product(q, k, { tb: true }), (s) => s / Math.sqrt(3))), v),
  vjp: ({ q, k, v }, dy) => {
    const scores = map(product(q, k, { tb: true }), (s) => s / Math.sqrt(3));
    const ds = map(softmaxVjp(scores, product(dy, v, { tb: true })), (s) => s / Math.sqrt(3));
    return { q: product(ds, k), k: product(ds, q, { ta: true }), v: product(softmaxOf(scores), dy, { ta: true }) };
  },
  inputs: { q: [2, 3], k: [4, 3], v: [4, 2] },
};

/** The mean of −log softmax(x)[label] over the rows; labels are integers and have no gradient. */
export const crossEntropy: Check<"x" | "labels", "labels"> = {
  name: "cross-entropy",
  forward: ({ x, labels }) =>
    scalar(-sum(labels.data.map((label, row) => Math.log(at(softmaxOf(x), 4 * row + label)))) / labels.data.length),
  vjp: ({ x, labels }, dy) => ({
    x: map(softmaxOf(x), (s, i) => ((s - Number(at(labels, Math.floor(i / 4)) === i % 4)) * at(dy, 0)) / labels.data.length),
  }),
  inputs: { x: [3, 4], labels: fc.array(fc.nat(3), { minLength: 3, maxLength: 3 }).map((data) => array([3], data)) },
  constants: ["labels"],
};

/** Softmax of x plus a mask of 0 and −∞. */
const masked: Check<"x" | "mask", "mask"> = {
  name: "masked softmax",
  forward: ({ x, mask }) => softmaxOf(map(x, (v, i) => v + at(mask, i))),
  vjp: ({ x, mask }, dy) => ({ x: softmaxVjp(map(x, (v, i) => v + at(mask, i)), dy) }), // prettier-ignore
  inputs: { x: [2, 3], mask: fc.constantFrom(array([2, 3], [0, -Infinity, 0, 0, 0, -Infinity])) },
  constants: ["mask"],
};

export const convolution: Check<"x" | "w"> = {
  name: "convolution",
  forward: ({ x, w }) =>
    array(
      [6],
      Array.from({ length: 6 }, (_, i) => at(w, 0) * at(x, i) + at(w, 1) * at(x, i + 1) + at(w, 2) * at(x, i + 2)),
    ),
  vjp: ({ x, w }, dy) => ({
    x: map(x, (_, i) => sum([0, 1, 2].map((j) => (i - j >= 0 && i - j < 6 ? at(w, j) * at(dy, i - j) : 0)))),
    w: map(w, (_, j) => sum(dy.data.map((d, i) => d * at(x, i + j)))),
  }),
  inputs: { x: [8], w: [3] },
  linear: ["x", "w"],
};

const same: Check<"x"> = {
  name: "identity, returning its arguments",
  forward: ({ x }) => x,
  vjp: (_, dy) => ({ x: dy }),
  inputs: { x: [2, 2] },
  linear: ["x"],
};

const add: Check<"a" | "b"> = {
  name: "sum, one array for both gradients",
  forward: ({ a, b }) => map(a, (v, i) => v + at(b, i)),
  vjp: (_, dy) => ({ a: dy, b: dy }),
  inputs: { a: [3], b: [3] },
};

const f32 = (a: HostArray): HostArray => map(a, Math.fround);
const single: Check<"a" | "b"> = {
  ...matmul,
  name: "matmul in f32",
  inputs: { a: [2, 3], b: [3, 2] },
  forward: ({ a, b }) => f32(product(f32(a), f32(b))),
  vjp: ({ a, b }, dy) => ({ a: f32(product(f32(dy), f32(b), { tb: true })), b: f32(product(f32(a), f32(dy), { ta: true })) }),
  tolerance: 1e-5,
};

const ofAnySize: Check<"a" | "b"> = {
  ...matmul,
  name: "matmul of any size",
  inputs: fc
    .tuple(fc.nat(3), fc.nat(3), fc.nat(3))
    .chain(([n, k, m]) => fc.record({ a: uniform([n, k], -2, 2), b: uniform([k, m], -2, 2) })),
};

const norm = (x: HostArray): number => Math.sqrt(sum(x.data.map((v) => v * v)));
const most = (x: HostArray): number => x.data.reduce((a, b) => Math.max(a, b), -Infinity);
const mean = (x: HostArray): number => sum(x.data) / x.data.length;

/** Calls `each` with every function, preserving its types. */
export function rightOps<R>(each: <Name extends string, Constant extends Name>(check: Check<Name, Constant>) => R): readonly R[] {
  return [
    each(matmul),
    each({
      ...matmul,
      name: "matmul of large numbers",
      inputs: { a: uniform([2, 3], -1e6, 1e6), b: uniform([3, 2], -1e6, 1e6) },
      linear: ["a", "b"],
    }),
    each({
      ...matmul,
      name: "matmul of small and large numbers",
      inputs: { a: uniform([2, 3], -1e-6, 1e-6), b: uniform([3, 2], -1e6, 1e6) },
    }),
    each({ ...matmul, name: "matmul of nothing", inputs: { a: [0, 3], b: [3, 2] } }),
    each(single),
    each(ofAnySize),
    each(softmax()),
    each(softmax(uniform([2, 4], -40, 40))),
    each(softmax([2, 1])),
    each(logSoftmax),
    each(layerNorm()),
    // noBias: fast-check's bias draws rows of equal numbers, whose slope, at a million, is lost to rounding
    each(layerNorm(fc.noBias(uniform([1, 5], 1e6, 1e6 + 10)))),
    each(layerNorm(uniform([1, 5], -1e-6, 1e-6))),
    each(gelu),
    each(biasGelu),
    each(attention),
    each(crossEntropy),
    each(masked),
    each(convolution),
    each(same),
    each(add),
    each(unary("ReLU", (x) => Math.max(x, 0), (x) => Number(x > 0))), // prettier-ignore
    each(unary("ReLU of small numbers", (x) => Math.max(x, 0), (x) => Number(x > 0), uniform([4], -1e-6, 1e-6))), // prettier-ignore
    each(unary("clip", (x) => Math.min(Math.max(x, -1), 1), (x) => Number(Math.abs(x) < 1))), // prettier-ignore
    each(unary("abs", Math.abs, Math.sign)),
    each(unary("sigmoid", sigmoid, (x) => sigmoid(x) * (1 - sigmoid(x)))), // prettier-ignore
    each(unary("softplus", (x) => Math.log1p(Math.exp(-Math.abs(x))) + Math.max(x, 0), sigmoid, uniform([4], -50, 50))), // prettier-ignore
    each(unary("exp, steep", (x) => Math.exp(8 * x), (x) => 8 * Math.exp(8 * x))), // prettier-ignore
    each(unary("log of any positive", Math.log, (x) => 1 / x, uniform([4], 1e-6, 1))), // prettier-ignore
    each(unary("1/x of small numbers", (x) => 1 / x, (x) => -1 / x ** 2, uniform([4], 1e-7, 1e-6))), // prettier-ignore
    each(unary("sin of large numbers", Math.sin, Math.cos, uniform([4], -1e6, 1e6))),
    each(unary("slow sin of large numbers", (x) => Math.sin(1e-6 * x), (x) => 1e-6 * Math.cos(1e-6 * x), uniform([4], -1e6, 1e6))), // prettier-ignore
    each(unary("cosh of small numbers", Math.cosh, Math.sinh, uniform([4], -1e-6, 1e-6))),
    each(unary("a cube of small numbers", (x) => x ** 3, (x) => 3 * x * x, uniform([4], -1e-6, 1e-6))), // prettier-ignore
    each(unary("a small part of a large output", (x) => 1000 + 1e-3 * x, () => 1e-3)), // prettier-ignore
    each(unary("a constant", () => 3, () => 0)), // prettier-ignore
    each(unary("nothing", (x) => x * x, (x) => 2 * x, [2, 0])), // prettier-ignore
    each(unary("a scalar", (x) => x * x, (x) => 2 * x, [])), // prettier-ignore
    each(reduction("norm", norm, (x) => map(x, (v) => v / norm(x)))), // prettier-ignore
    each(reduction("norm of large numbers", norm, (x) => map(x, (v) => v / norm(x)), uniform([5], -1e6, 1e6))), // prettier-ignore
    each(reduction("L1 norm", (x) => sum(x.data.map(Math.abs)), (x) => map(x, Math.sign))), // prettier-ignore
    each(reduction("largest", most, (x) => map(x, (v) => Number(v === most(x))), [40])), // prettier-ignore
    each(reduction("log-sum-exp", (x) => Math.log(sum(x.data.map(Math.exp))), (x) => softmaxOf(x))), // prettier-ignore
    each(reduction("variance", (x) => sum(x.data.map((v) => (v - mean(x)) ** 2)) / x.data.length, (x) => map(x, (v) => (2 * (v - mean(x))) / x.data.length))), // prettier-ignore
    each(reduction("product of all", (x) => x.data.reduce((a, b) => a * b, 1), (x) => map(x, (_, i) => x.data.reduce((a, b, j) => (i === j ? a : a * b), 1)))), // prettier-ignore
    each(reduction("sum of softmax, always 1", (x) => sum(softmaxOf(x).data), (x) => softmaxVjp(x, map(x, () => 1)))), // prettier-ignore
  ];
}
