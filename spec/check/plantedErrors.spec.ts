/** Wrong gradients, and functions that cannot have a gradient, are reported with the right kind of error. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkGradient, GradientError, type Arrays, type FaultKind, type HostArray } from "../../src/check.ts";
import {
  array,
  at,
  attention,
  biasGelu,
  convolution,
  crossEntropy,
  gelu,
  layerNorm,
  map,
  matmul,
  softmax,
  softmaxOf,
  unary,
  uniform,
} from "../helpers/plainOps.ts";

/** The error of a check that may break the contract in any way; it is called without types, as in JavaScript. */
async function refused(check: object): Promise<GradientError> {
  const error: unknown = await Reflect.apply(checkGradient, undefined, [check]).then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!(error instanceof GradientError)) throw new Error(`no GradientError but ${String(error)}`);
  return error;
}

type Change = (grads: Arrays, inputs: Arrays, dOut: HostArray) => unknown;

/** A check whose vjp returns something else. */
const returning = (check: object, change: Change): object => ({
  ...check,
  vjp: (inputs: Arrays, dOut: HostArray) => {
    const grads: Arrays = Reflect.apply(Reflect.get(check, "vjp"), undefined, [inputs, dOut]);
    return change(grads, inputs, dOut);
  },
});

/** A check with one of the gradients changed. */
const changed = (check: object, input: string, f: (g: HostArray, inputs: Arrays, dOut: HostArray) => unknown): object =>
  returning(check, (grads, inputs, dOut) => ({ ...grads, [input]: f(named(grads, input), inputs, dOut) }));

const named = (arrays: Arrays, name: string): HostArray => arrays[name] ?? array([0], []);

/** Changes one number of an array. */
const one =
  (i: number, f: (g: number) => number) =>
  (g: HostArray): HostArray =>
    map(g, (v, j) => (i === j ? f(v) : v));

const transposed = ({ shape, data }: HostArray): HostArray => {
  const [n = 0, m = 0] = shape;
  return array(shape, data.map((_, i) => data[(i % n) * m + Math.floor(i / n)] ?? NaN)); // prettier-ignore
};

/** The check of x² that the errors below change. */
const square = unary("square", (x) => x * x, (x) => 2 * x); // prettier-ignore
const fixed = (...data: readonly number[]): fc.Arbitrary<HostArray> => fc.constant(array([data.length], data));

const largest = {
  name: "largest",
  forward: ({ x }: Arrays<"x">) => array([], [Math.max(...x.data)]),
  vjp: ({ x }: Arrays<"x">, dy: HostArray) => {
    const most = Math.max(...x.data);
    const ties = x.data.filter((v) => v === most).length;
    return { x: map(x, (v) => (v === most ? at(dy, 0) / ties : 0)) };
  },
  inputs: { x: fixed(1, 2, 2) },
};

/** The expected properties of the error. */
interface Expected {
  readonly kind: FaultKind;
  readonly input?: string | null;
  readonly index?: readonly number[];
}

const gradientOf = (input: string, index?: readonly number[]): Expected => ({
  kind: "gradient",
  input,
  ...(index === undefined ? {} : { index }),
});

const wrongGradients: readonly (readonly [string, object, Expected])[] = [
  [
    "a thousandth in one element",
    changed(
      matmul,
      "a",
      one(6, (g) => 1.001 * g),
    ),
    gradientOf("a", [1, 2]),
  ],
  [
    "a millionth in one element",
    changed(
      matmul,
      "b",
      one(3, (g) => g * (1 + 1e-6)),
    ),
    gradientOf("b", [1, 1]),
  ],
  ["an element of a scalar", changed(unary("square", (x) => x * x, (x) => 2 * x, []), "x", one(0, (g) => -g)), gradientOf("x", [])], // prettier-ignore
  [
    "an element that is 0 instead",
    changed(
      attention,
      "k",
      one(11, () => 0),
    ),
    gradientOf("k", [3, 2]),
  ],
  ["a sign", changed(softmax(), "x", (g) => map(g, (v) => -v)), gradientOf("x")],
  ["a scale left out of an attention", changed(attention, "q", (g) => map(g, (v) => v * Math.sqrt(3))), gradientOf("q")],
  ["a transposed result", changed({ ...matmul, inputs: { a: [3, 3], b: [3, 3] } }, "a", transposed), gradientOf("a", [0, 1])],
  ["two gradients exchanged", returning({ ...matmul, inputs: { a: [2, 2], b: [2, 2] } }, ({ a, b }) => ({ a: b, b: a })), gradientOf("a")],
  ["no gradient through the mean", changed(layerNorm(), "x", (g, { x }, dOut) => map(g, (v, i) => v + at(dOut, i) * 1e-2 * at(named({ x: x ?? g }, "x"), i))), gradientOf("x")], // prettier-ignore
  ["softmax without its inner product", changed(softmax(), "x", (_, { x }, dOut) => map(softmaxOf(x ?? dOut), (s, i) => s * at(dOut, i))), gradientOf("x")], // prettier-ignore
  ["a wrong coefficient in GELU", changed(gelu, "x", (g) => map(g, (v) => v * 1.0005)), gradientOf("x")],
  ["a mean instead of a sum", changed(biasGelu, "b", (g) => map(g, (v) => v / 3)), gradientOf("b", [0])],
  ["a batch factor left out", changed(crossEntropy, "x", (g) => map(g, (v) => 3 * v)), gradientOf("x")],
  ["the cotangent ignored", changed(square, "x", (_, { x }) => map(x ?? array([0], []), (v) => 2 * v)), gradientOf("x")],
  [
    "the cotangent in reverse",
    changed(square, "x", (_, { x }, dOut) => map(x ?? dOut, (v, i) => 2 * v * at(dOut, 5 - i))),
    gradientOf("x"),
  ],
  [
    "the end of a convolution left out",
    changed(
      convolution,
      "x",
      one(7, () => 0),
    ),
    gradientOf("x", [7]),
  ],
  [
    "a wrong branch for large values",
    changed(square, "x", (g, { x }) => map(g, (v, i) => (at(x ?? g, i) > 2 ? 1.5 * v : v))),
    gradientOf("x"),
  ],
  [
    "one element of 2000",
    changed(
      { ...square, inputs: { x: [40, 50] } },
      "x",
      one(1234, (g) => 1.001 * g),
    ),
    gradientOf("x", [24, 34]),
  ],
  ["a thousandth where all is as small as 1e-200", unary("small", (x) => 1e-200 * x, () => 1.001e-200), gradientOf("x")], // prettier-ignore
  ["a gradient where forward is a step function", unary("rounding", (x) => Math.round(64 * x + 0.3) / 64, () => 1), gradientOf("x")], // prettier-ignore
];

const breaches: readonly (readonly [string, object, Expected])[] = [
  ["a shape that is transposed", changed(matmul, "b", ({ data }) => array([2, 4], data)), { kind: "shape", input: "b" }],
  ["a shape that is flat", changed(matmul, "a", ({ data }) => array([12], data)), { kind: "shape", input: "a" }],
  ["too few numbers", changed(matmul, "a", ({ shape }) => ({ shape, data: new Float64Array(3) })), { kind: "shape", input: "a" }],
  ["numbers of f32", changed(matmul, "a", ({ shape, data }) => ({ shape, data: Float32Array.from(data) })), { kind: "shape", input: "a" }],
  ["a plain list", changed(matmul, "b", ({ data }) => [...data]), { kind: "shape", input: "b" }],
  ["an output that is not an array", { ...square, forward: ({ x }: Arrays<"x">) => x.data }, { kind: "shape" }],
  ["a gradient left out", returning(matmul, ({ a }) => ({ a })), { kind: "entries", input: "b" }],
  ["a gradient that is null", changed(matmul, "a", () => null), { kind: "entries", input: "a" }],
  ["a gradient too many", returning(matmul, (grads) => ({ ...grads, c: grads["a"] })), { kind: "entries", input: "c" }],
  ["nothing returned", returning(matmul, () => undefined), { kind: "entries", input: null }],
  ["an array instead of a record", returning(square, ({ x }) => [x]), { kind: "entries", input: null }],
  ["a gradient of a constant", returning(crossEntropy, ({ x }, { labels }) => ({ x, labels })), { kind: "entries", input: "labels" }],
  [
    "NaN",
    changed(
      matmul,
      "b",
      one(5, () => NaN),
    ),
    { kind: "non-finite", input: "b", index: [2, 1] },
  ],
  [
    "infinity",
    changed(
      matmul,
      "a",
      one(0, () => Infinity),
    ),
    { kind: "non-finite", input: "a", index: [0, 0] },
  ],
  [
    "an output of NaN",
    unary("root", Math.sqrt, (x) => 0.5 / Math.sqrt(x), fixed(1, -1, 4)),
    { kind: "non-finite", input: null, index: [1] },
  ],
  ["an output of NaN next to the inputs", unary("x√x", (x) => x * Math.sqrt(x), (x) => 1.5 * Math.sqrt(x), fixed(1, 0)), { kind: "non-finite", input: "x", index: [1] }], // prettier-ignore
  ["forward that throws", { ...square, forward: () => { throw new TypeError("out of cheese"); } }, { kind: "threw", input: null }], // prettier-ignore
  ["vjp that rejects", { ...square, vjp: () => Promise.reject(new Error("no")) }, { kind: "threw", input: null }],
  [
    "a gradient cut off at 5",
    changed(square, "x", (g) => map(g, (v) => Math.max(-50, Math.min(50, v)))),
    { kind: "linearity", input: "x" },
  ],
  ["small gradients dropped", changed(square, "x", (g) => map(g, (v) => (Math.abs(v) < 1e-5 ? 0 : v))), { kind: "linearity", input: "x" }],
  ["a function that is not linear", { ...square, linear: ["x"] }, { kind: "not-linear" }],
  ["an offset in a linear function", { ...unary("affine", (x) => 2 * x + 1, () => 2), linear: ["x"] }, { kind: "not-linear" }], // prettier-ignore
  ["rounding that hides the slope", unary("offset", (x) => Math.fround(6e3 + Math.sin(x)), Math.cos), { kind: "unresolved", input: "x" }],
];

/** Functions with a state, which are made anew for each test. */
const impure: readonly (readonly [string, () => object, string | null])[] = [
  ["forward writes into its input", () => ({ ...square, forward: ({ x }: Arrays<"x">) => { x.data.forEach((v, i) => { x.data[i] = v * v; }); return x; } }), "x"], // prettier-ignore
  ["vjp writes into its input", () => changed(square, "x", (g, { x }) => { x?.data.fill(0); return g; }), "x"], // prettier-ignore
  ["vjp writes into dOut", () => changed(square, "x", (g, _, dOut) => { dOut.data.set(g.data); return dOut; }), "dOut"], // prettier-ignore
  ["vjp replaces its input by another array", () => changed(square, "x", (g, inputs) => { Reflect.set(inputs, "x", g); return g; }), "x"], // prettier-ignore
  ["forward draws random numbers", () => ({ ...square, forward: ({ x }: Arrays<"x">) => map(x, (v) => v * v + Math.random()) }), null], // prettier-ignore
  ["forward counts its calls", () => { let calls = 0; return { ...square, forward: ({ x }: Arrays<"x">) => map(x, (v) => v * v + 1e-9 * calls++) }; }, null], // prettier-ignore
  ["vjp differs a little from call to call", () => { let calls = 0; return changed(square, "x", (g) => map(g, (v) => v * (1 + 1e-12 * calls++))); }, "x"], // prettier-ignore
  ["forward returns the same buffer each time", () => { const buffer = new Float64Array(6); return { ...square, forward: ({ x }: Arrays<"x">) => { buffer.set(x.data.map((v) => v * v)); return { shape: x.shape, data: buffer }; } }; }, null], // prettier-ignore
  ["vjp returns the same buffer each time", () => { const buffer = new Float64Array(6); return changed(square, "x", ({ shape, data }) => { buffer.set(data); return { shape, data: buffer }; }); }, "x"], // prettier-ignore
  ["vjp uses what the last forward left behind", () => { let kept = array([0], []); return { ...square, forward: ({ x }: Arrays<"x">) => { kept = map(x, (v) => 2 * v); return map(x, (v) => v * v); }, vjp: (_: unknown, dOut: HostArray) => ({ x: map(kept, (v, i) => v * at(dOut, i)) }) }; }, "x"], // prettier-ignore
];

const kinks: readonly (readonly [string, object, readonly number[]])[] = [
  ["ReLU at 0", unary("ReLU", (x) => Math.max(x, 0), (x) => Number(x > 0), fixed(1, 0, -1)), [1]], // prettier-ignore
  ["ReLU at 0 with the gradient ½ that a central difference gives", unary("ReLU", (x) => Math.max(x, 0), (x) => (1 + Math.sign(x)) / 2, fixed(0)), [0]], // prettier-ignore
  ["abs at 0, whose gradient 0 lies between", unary("abs", Math.abs, Math.sign, fixed(-2, 3, 0)), [2]],
  ["a tie of the largest", largest, [1]],
  ["a clip at its end", unary("clip", (x) => Math.min(x, 1), (x) => Number(x < 1), fixed(1)), [0]], // prettier-ignore
  ["a jump", unary("step", (x) => Number(x >= 2), () => 0, fixed(1, 2)), [1]], // prettier-ignore
];

const options: readonly (readonly [string, object, string])[] = [
  ["a shape of halves", { inputs: { x: [2, 1.5] } }, "inputs.x must be a shape of whole numbers ≥ 0 or a fast-check arbitrary"],
  ["a negative shape", { inputs: { x: [-1] } }, "inputs.x must be a shape"],
  ["an array instead of a shape", { inputs: { x: array([2], [1, 2]) } }, "inputs.x must be a shape"],
  ["a shape of too many numbers", { inputs: { x: [1e5, 1e5] } }, "has more than 1000000 numbers"],
  ["no inputs", { inputs: {} }, "inputs must be a record of shapes or arbitraries"],
  ["no cases", { cases: 0 }, "cases must be a positive integer, got 0"],
  ["half a case", { cases: 0.5 }, "cases must be a positive integer, got 0.5"],
  ["a tolerance of NaN", { tolerance: NaN }, "tolerance must be a number between 0 and 1, got NaN"],
  ["a seed of text", { seed: "7" }, 'seed must be a whole number, got "7"'],
  ["no name", { name: undefined }, "checkGradient: name must be a text, got undefined"],
  ["no vjp", { vjp: undefined }, "vjp must be a function of the inputs and dOut, got undefined"],
  ["a path of words", { path: "first" }, 'path must be that of an error, such as "3:0:1", got "first"'],
  ["a constant that is not an input", { constants: ["labels"] }, "constants and linear must name inputs, x, got labels"],
  ["an arbitrary of numbers", { inputs: { x: fc.nat() } }, "the array drawn for x must be { shape, data: Float64Array }, got "],
  ["an arbitrary of NaN", { inputs: { x: fixed(1, NaN) } }, "NaN was drawn for x[1]; draw finite numbers"],
];

describe("checkGradient finds", () => {
  it.each(breaches)("%s", async (_, check, expected) => {
    expect(await refused(check)).toMatchObject(expected);
  });

  it.each(wrongGradients)("%s, and says in its message where, and both values", async (_, check, expected) => {
    const error = await refused(check);
    expect(error).toMatchObject(expected);
    const { message, input, index, analytic, numeric } = error;
    expect(message).toContain(`: ${input}[${index?.join(", ")}]: the gradient is ${analytic}, finite differences give ${numeric} (`);
  });

  it.each(impure)("that %s", async (_, make, input) => {
    expect(await refused(make())).toMatchObject({ kind: "impure", input });
  });

  it.each(kinks)("a kink, and does not report a wrong gradient: %s", async (_, check, index) => {
    const error = await refused(check);
    expect(error).toMatchObject({ kind: "kink", input: "x", index });
    expect(error.message).toMatch(/: x\[\d\]: kink: (the slope is \S+ from the left and \S+ from the right|the output jumps), /);
  });

  it.each(options)("options that are wrong: %s", async (_, wrong, text) => {
    const error = await refused({ ...square, ...wrong });
    expect(error.kind).toBe("options");
    expect(error.message).toContain(text);
  });
});

describe("a gradient at a kink", () => {
  const relu = unary("ReLU", (x) => Math.max(x, 0), (x) => Number(x > 0), fixed(1, 0, -1)); // prettier-ignore

  it("is counted with kinks: count", async () => {
    expect(await checkGradient({ ...relu, kinks: "count", cases: 5 })).toMatchObject({ kinks: 5, comparisons: 15 });
  });

  it("is wrong if it does not lie between the slopes from both sides", async () => {
    expect(await refused(changed({ ...relu, kinks: "count" }, "x", (g, _, dOut) => map(g, (v, i) => (i === 1 ? 3 * at(dOut, 1) : v))))).toMatchObject({ kind: "gradient", index: [1] }); // prettier-ignore
  });

  it("does not hide a wrong gradient elsewhere", async () => {
    expect(
      await refused(
        changed(
          relu,
          "x",
          one(0, (g) => 2 * g),
        ),
      ),
    ).toMatchObject({ kind: "gradient", index: [0] });
  });
});

describe("an error", () => {
  const wrong = { ...unary("square", (x) => x * x, (x) => (x > 2 ? 3 * x : 2 * x)), seed: 5 }; // prettier-ignore

  it("is found again from its seed and path, already shrunk", async () => {
    const { seed, path, inputs } = await refused(wrong);
    const again = await refused({ ...wrong, seed, path });
    expect(again.inputs).toEqual(inputs);
    expect(again.message).toContain(`; seed 5, path "${path}", inputs: x [2, 3] = `);
  });

  it("keeps the cause of a throw", async () => {
    const cause = new RangeError("out of cheese");
    const error = await refused({ ...square, vjp: () => { throw cause; } }); // prettier-ignore
    expect(error).toMatchObject({ kind: "threw", cause });
    expect(error.message).toContain("square: vjp threw RangeError: out of cheese; seed 0, path ");
  });

  it("shrinks arrays whose shapes depend on each other", async () => {
    const pair = fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 4 }));
    const inputs = pair.chain(([n, k, m]) => fc.record({ a: uniform([n, k], 0.5, 2), b: uniform([k, m], 0.5, 2) }));
    const error = await refused(changed({ ...matmul, inputs }, "b", (g) => map(g, (v, i) => (i > 0 ? 2 * v : v))));
    expect(error).toMatchObject({ kind: "gradient", input: "b" });
    expect(error.inputs["b"]?.data).toHaveLength(2);
  });
});
