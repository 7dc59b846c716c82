/** Each basis kernel and each fused op at sizes that fill vectors, leave remainders, or do not fill one; the laws draw smaller sizes. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compare } from "../../src/check/close.ts";
import { evaluateOne, evaluate, hostArray, upload, type HostArray, type Leaves } from "../../src/check/host.ts";
import { tolerances } from "../../src/check/tolerance.ts";
import { referenceEngine } from "../../src/engines/reference/engine.ts";
import type { Build } from "../../src/engines/wasm/module.ts";
import type { Kernels, Window } from "../../src/kernels/kernels.ts";
import { crossEntropy } from "../../src/losses/crossEntropy.ts";
import { attention } from "../../src/ops/attention.ts";
import { gelu } from "../../src/ops/gelu.ts";
import { layerNorm } from "../../src/ops/layerNorm.ts";
import { linear } from "../../src/ops/linear.ts";
import { logSoftmax } from "../../src/ops/logSoftmax.ts";
import { inference, unfused } from "../../src/ops/observe.ts";
import { softmax } from "../../src/ops/softmax.ts";
import { splitHeads } from "../../src/ops/splitHeads.ts";
import { batchNorm, frozenBatchNorm } from "../../src/teacher/batchNorm.ts";
import { groupedConv } from "../../src/teacher/conv.ts";
import { relu } from "../../src/teacher/relu.ts";
import { keyOf, normalAt } from "../../src/tensor/key.ts";
import { axis, size, type Shape, type Tensor } from "../../src/tensor/tensor.ts";
import { adamwLeaf } from "../../src/train/optimizer/adamw.ts";
import { unscaledLeaf } from "../../src/train/optimizer/lossScale.ts";
import { wasmEngine } from "../../src/wasm.ts";
import { relaxedSimd } from "../helpers/relaxedSimd.ts";

const builds: readonly Build[] = ["release", "debug", ...(relaxedSimd ? ["fma" as const] : [])];
const RUNS: { readonly [B in Build]: number } = { release: 60, debug: 15, fma: 15 };

/** Normally distributed numbers, rounded to f32. */
const normals = (seed: number, shape: Shape): HostArray =>
  hostArray(
    shape,
    Float32Array.from({ length: size(shape) }, (_, i) => normalAt(keyOf(seed), i)),
  );
const positive = (a: HostArray): HostArray =>
  hostArray(
    a.shape,
    Float32Array.from(a.data, (x) => Math.abs(x) + 0.01),
  );
/** Every third number is not finite. */
const withGaps = (a: HostArray): HostArray =>
  hostArray(
    a.shape,
    a.data.map((x, i) => (i % 3 === 0 ? (NON_FINITE[(i / 3) % NON_FINITE.length] ?? x) : x)),
  );
const NON_FINITE = [NaN, Infinity, -Infinity];

const axes = (rank: { readonly min: number; readonly max: number }, most = 40): fc.Arbitrary<number[]> =>
  fc.array(fc.integer({ min: 1, max: most }), { minLength: rank.min, maxLength: rank.max }).filter((shape) => size(shape) <= 20_000);

/** A program on random arrays. */
interface Program {
  readonly arrays: readonly HostArray[];
  readonly run: (k: Kernels, tensors: readonly [Tensor, Tensor]) => Tensor;
}

const unary = (f: (k: Kernels, a: Tensor) => Tensor, of: (a: HostArray) => HostArray = (a) => a): fc.Arbitrary<Program> =>
  fc
    .tuple(axes({ min: 1, max: 3 }, 70), fc.nat())
    .map(([shape, seed]) => ({ arrays: [of(normals(seed, shape))], run: (k, [a]) => f(k, a) }));

/** The second operand has the same shape, a trailing shape, or one number per row; the two may be exchanged. */
const binary = (f: (k: Kernels, a: Tensor, b: Tensor) => Tensor): fc.Arbitrary<Program> =>
  fc
    .tuple(axes({ min: 2, max: 3 }), fc.constantFrom("same", "trailing", "last1"), fc.boolean(), fc.nat())
    .map(([shape, spread, swapped, seed]) => {
      const small = { same: shape, trailing: shape.slice(1), last1: [...shape.slice(0, -1), 1] }[spread];
      const arrays = [normals(seed, shape), positive(normals(seed + 1, small))];
      return { arrays, run: (k, [a, b]) => (swapped ? f(k, b, a) : f(k, a, b)) };
    });

/** With one condition per element, or one for all. */
const chosen: fc.Arbitrary<Program> = fc.tuple(axes({ min: 1, max: 3 }, 70), fc.boolean(), fc.nat()).map(([shape, one, seed]) => ({
  arrays: [normals(seed, shape), withGaps(normals(seed + 1, shape))],
  run: (k, [a, b]) => k.where(one ? k.upload([], [seed % 2]) : k.step(a), a, b),
}));

/** An axis and a position on it. */
const axisOf = (f: (k: Kernels, a: Tensor, axis: number, at: number) => Tensor): fc.Arbitrary<Program> =>
  fc.tuple(axes({ min: 1, max: 4 }, 20), fc.nat(), fc.nat()).map(([shape, pick, seed]) => {
    const i = pick % shape.length;
    return { arrays: [normals(seed, shape)], run: (k, [a]) => f(k, a, i, seed % (shape[i] ?? 1)) };
  });

const permuted: fc.Arbitrary<Program> = axes({ min: 1, max: 7 }, 9).chain((shape) =>
  fc
    .shuffledSubarray(
      shape.map((_, i) => i),
      { minLength: shape.length },
    )
    .map((order) => ({ arrays: [normals(1, shape)], run: (k, [a]) => k.permute(a, order) })),
);

const windows = (f: (k: Kernels, images: Tensor, window: Window) => Tensor): fc.Arbitrary<Program> =>
  fc
    .record({
      B: fc.integer({ min: 1, max: 2 }),
      C: fc.integer({ min: 1, max: 3 }),
      H: fc.integer({ min: 9, max: 20 }),
      W: fc.integer({ min: 9, max: 20 }),
      kernel: fc.integer({ min: 1, max: 9 }),
      stride: fc.integer({ min: 1, max: 4 }),
      padding: fc.integer({ min: 0, max: 2 }),
    }) // prettier-ignore
    .map(({ B, C, H, W, ...window }) => ({ arrays: [normals(B + H, [B, C, H, W])], run: (k, [a]) => f(k, a, window) }));

const product: fc.Arbitrary<Program> = fc
  .record({
    batch: axes({ min: 0, max: 2 }, 4),
    m: fc.integer({ min: 1, max: 30 }),
    n: fc.integer({ min: 1, max: 30 }),
    k: fc.integer({ min: 1, max: 30 }),
    ta: fc.boolean(),
    tb: fc.boolean(),
    shared: fc.boolean(),
    seed: fc.nat(),
  }) // prettier-ignore
  .map(({ batch, m, n, k: K, ta, tb, shared, seed }) => {
    const a = normals(seed, [...batch, ...(ta ? [K, m] : [m, K])]);
    const b = normals(seed + 1, [...(shared ? [] : batch), ...(tb ? [n, K] : [K, n])]);
    return { arrays: [a, b], run: (k, [x, y]) => k.matmul(x, y, { ta, tb }) };
  });

const programs: { readonly [name: string]: fc.Arbitrary<Program> } = {
  add: binary((k, a, b) => k.add(a, b)),
  sub: binary((k, a, b) => k.sub(a, b)),
  mul: binary((k, a, b) => k.mul(a, b)),
  div: binary((k, a, b) => k.div(a, k.addScalar(k.square(b), 1))),
  scale: unary((k, a) => k.scale(a, 0.3)),
  addScalar: unary((k, a) => k.addScalar(a, -0.7)),
  square: unary((k, a) => k.square(a)),
  sqrt: unary((k, a) => k.sqrt(a), positive),
  rsqrt: unary((k, a) => k.rsqrt(a), positive),
  exp: unary((k, a) => k.exp(a)),
  log: unary((k, a) => k.log(a), positive),
  normalCdf: unary((k, a) => k.normalCdf(a)),
  step: unary((k, a) => k.step(a)),
  isFinite: unary((k, a) => k.isFinite(a), withGaps),
  where: chosen,
  sumLast: unary((k, a) => k.sumLast(a)),
  meanLast: unary((k, a) => k.meanLast(a)),
  maxLast: unary((k, a) => k.maxLast(a)),
  argmaxLast: unary((k, a) => k.argmaxLast(a)),
  sumLeading: axisOf((k, a, i) => k.sumLeading(a, i)),
  oneHot: unary((k, a) => k.oneHot(k.argmaxLast(a), a.shape.at(-1) ?? 1)),
  slice: axisOf((k, a, i, at) => k.slice(a, i, at, a.shape[i] ?? 0)),
  pad: axisOf((k, a, i, at) => k.pad(a, i, at, (a.shape[i] ?? 0) + at + 1)),
  concat: axisOf((k, a, i, at) => k.concat([a, k.slice(a, i, 0, at), k.scale(a, 2)], i)),
  expandLeading: axisOf((k, a, i) => k.expandLeading(a, i + 2)),
  permute: permuted,
  unfold: windows((k, images, window) => k.unfold(images, window)),
  fold: windows((k, images, window) => k.fold(k.unfold(images, window), window, images.shape)),
  matmul: product,
};

/** Kernels without sums and functions: their results equal those of the reference. */
const EXACT = new Set([
  "step",
  "isFinite",
  "where",
  "maxLast",
  "argmaxLast",
  "oneHot",
  "slice",
  "pad",
  "expandLeading",
  "permute",
  "unfold",
]);

describe.each(builds)("each basis kernel of the %s build", (build) => {
  const made = wasmEngine({ build });
  const reference = referenceEngine();

  it.each(Object.keys(programs))("%s gives the numbers of the reference engine", async (name) => {
    const engine = await made;
    const property = fc.asyncProperty(
      programs[name] ??
        fc.constant({
          arrays: [],
          run: () => {
            throw new Error("no program");
          },
        }),
      async ({ arrays, run }) => {
        const on = (k: Kernels): Tensor => {
          const [a, b] = arrays.map((array) => upload<Tensor>(k, array));
          return run(k, [a ?? k.zeros([0]), b ?? k.zeros([0])]);
        };
        const { error } = compare(await evaluateOne(engine, on), await evaluateOne(reference, on));
        expect(error).toBeLessThanOrEqual(EXACT.has(name) ? 0 : tolerances.equation.f32.bound);
      },
    );
    await fc.assert(property, { seed: 2, numRuns: RUNS[build] });
  });

  it("is covered: there is a program for every kernel that computes", () => {
    const others = ["upload", "zeros", "uniform", "reshape", "scope", "within", "at", "last", "region", "donate"];
    const kernels = Object.keys(Object.getPrototypeOf(reference.kernels));
    expect(kernels.filter((name) => !others.includes(name)).toSorted()).toEqual(Object.keys(programs).toSorted());
  });
});

/** Forward and gradients of an op, by name. */
type Trial = (k: Kernels) => unknown;
type Sizes = { readonly rows: number; readonly n: number; readonly o: number; readonly seed: number };

const ops: { readonly [name: string]: (sizes: Sizes) => Trial } = {
  linear:
    ({ rows, n, o, seed }) =>
    (k) => {
      const at = (i: number, ...shape: number[]): Tensor => upload<Tensor>(k, normals(seed + i, shape));
      const { out, saved } = linear.forward(k, { x: at(0, rows, n), params: { weight: at(1, o, n), bias: at(2, o) } });
      return { out, d: linear.vjp(k, saved, at(3, rows, o)) };
    },
  layerNorm:
    ({ rows, n, seed }) =>
    (k) => {
      const at = (i: number, ...shape: number[]): Tensor => upload<Tensor>(k, normals(seed + i, shape));
      const { out, saved } = layerNorm.forward(k, { x: at(0, rows, n), params: { weight: at(1, n), bias: at(2, n) } }, { eps: 1e-3 });
      return { out, saved, d: layerNorm.vjp(k, saved, at(3, rows, n)) };
    },
  gelu:
    ({ rows, n, seed }) =>
    (k) => {
      const [x, dy] = [normals(seed, [rows, n]), normals(seed + 1, [rows, n])];
      const { out, saved } = gelu.forward(k, { x: upload<Tensor>(k, x) });
      return { out, d: gelu.vjp(k, saved, upload<Tensor>(k, dy)) };
    },
  softmax:
    ({ rows, n, seed }) =>
    (k) => {
      const { out, saved } = softmax.forward(k, { z: upload<Tensor>(k, normals(seed, [rows, n])) });
      return { out, d: softmax.vjp(k, saved, upload<Tensor>(k, normals(seed + 1, [rows, n]))) };
    },
  logSoftmax:
    ({ rows, n, seed }) =>
    (k) => {
      const { out, saved } = logSoftmax.forward(k, { z: upload<Tensor>(k, normals(seed, [rows, n])) });
      return { out, d: logSoftmax.vjp(k, saved, upload<Tensor>(k, normals(seed + 1, [rows, n]))) };
    },
  attention:
    ({ rows, n, o, seed }) =>
    (k) => {
      const at = (i: number, ...shape: number[]): Tensor => upload<Tensor>(k, normals(seed + i, shape));
      const inputs = { q: at(0, 2, rows, o), keys: at(1, 2, n, o), values: at(2, 2, n, o) };
      const { out, saved } = attention.forward(k, inputs, { dropout: null });
      return { out, logSum: saved.logSum, d: attention.vjp(k, saved, at(3, 2, rows, o)) };
    },
  splitHeads:
    ({ rows, n, o, seed }) =>
    (k) => {
      const [heads, B] = [1 + (n % 5), 1 + (o % 3)];
      const { out, saved } = splitHeads.forward(k, { qkv: upload<Tensor>(k, normals(seed, [B, rows, 3 * heads * o])) }, { heads });
      return { out, d: splitHeads.vjp(k, saved, out) };
    },
  relu:
    ({ rows, n, seed }) =>
    (k) => {
      const { out, saved } = relu.forward(k, { x: upload<Tensor>(k, normals(seed, [rows, n])) });
      return { out, d: relu.vjp(k, saved, upload<Tensor>(k, normals(seed + 1, [rows, n]))) };
    },
  batchNorm:
    ({ rows, n, o, seed }) =>
    (k) => {
      const shape = [2 + (o % 3), 1 + (n % 5), 1 + (rows % 7), 1 + (o % 6)];
      const at = (i: number, ...dims: number[]): Tensor => upload<Tensor>(k, normals(seed + i, dims));
      const params = { weight: at(1, axis(shape, 1)), bias: at(2, axis(shape, 1)) };
      const { out, saved } = batchNorm.forward(k, { x: at(0, ...shape), params }, { eps: 1e-2 });
      return { out, saved, d: batchNorm.vjp(k, saved, { y: at(3, ...shape), stats: null }) };
    },
  frozenBatchNorm:
    ({ rows, n, o, seed }) =>
    (k) => {
      const shape = [1 + (o % 3), 1 + (n % 5), 1 + (rows % 7), 1 + (o % 6)];
      const at = (i: number, ...dims: number[]): Tensor => upload<Tensor>(k, normals(seed + i, dims));
      const [C, params] = [axis(shape, 1), { weight: at(1, axis(shape, 1)), bias: at(2, axis(shape, 1)) }];
      const running = { running_mean: at(3, C), running_var: k.square(at(4, C)), num_batches_tracked: k.zeros([]) };
      const { y } = frozenBatchNorm.forward(inference(k), { x: at(0, ...shape), params }, { eps: 1e-2, running }).out;
      return { y, running };
    },
  groupedConv:
    ({ rows, n, o, seed }) =>
    (k) => {
      const [groups, side, stride, padding] = [1 + (n % 3), 1 + (o % 4), 1 + (rows % 2), n % 2];
      const [B, inputs, outputs] = [1 + (o % 3), 1 + (rows % 4), 1 + (n % 5)];
      const x = upload<Tensor>(k, normals(seed, [B, groups * inputs, side + (rows % 9), side + (n % 11)]));
      const weight = upload<Tensor>(k, normals(seed + 1, [groups * outputs, inputs, side, side]));
      const { out, saved } = groupedConv.forward(k, { x, params: { weight } }, { groups, stride, padding });
      return { out, d: groupedConv.vjp(k, saved, upload<Tensor>(k, normals(seed + 2, out.shape))) };
    },
  crossEntropy:
    ({ rows, n, seed }) =>
    (k) => {
      const logits = upload<Tensor>(k, normals(seed, [rows, n]));
      const target = k.oneHot(k.argmaxLast(upload<Tensor>(k, normals(seed + 1, [rows, n]))), n);
      const { out, saved } = crossEntropy.forward(k, { logits }, { target });
      return { out, d: crossEntropy.vjp(k, saved, k.upload([], [1.5])) };
    },
};

describe.each(builds)("each fused op of the %s build", (build) => {
  const made = wasmEngine({ build });
  const sizes = fc.record({ rows: fc.integer({ min: 1, max: 70 }), n: fc.integer({ min: 1, max: 80 }), o: fc.integer({ min: 1, max: 40 }), seed: fc.nat() }); // prettier-ignore

  it("is found in the table by its op", async () => {
    const { fused } = (await made).kernels.scope;
    for (const op of [
      linear,
      layerNorm,
      gelu,
      softmax,
      logSoftmax,
      attention,
      splitHeads,
      crossEntropy,
      adamwLeaf,
      unscaledLeaf,
      relu,
      batchNorm,
      groupedConv,
    ])
      expect(fused.get<object>(op)).toMatchObject({ name: op.name });
    expect(fused.get(frozenBatchNorm)?.infer).toBeDefined();
  });

  it.each(Object.keys(ops))("%s agrees with its definition", async (name) => {
    const engine = await made;
    const property = fc.asyncProperty(sizes, async (given) => {
      const trial = ops[name]?.(given) ?? (() => null);
      const [fused, defined]: readonly Leaves[] = [await evaluate(engine, trial), await evaluate(engine, (k) => trial(unfused(k)))];
      expect(fused?.size).toBeGreaterThan(1);
      for (const [leaf, expected] of defined ?? []) {
        const actual = fused?.get(leaf) ?? hostArray([0], []);
        const { error, scale } = compare(actual, expected);
        expect({ leaf, off: error * Math.min(scale, 1) > tolerances.parity.f32.bound }).toEqual({ leaf, off: false });
      }
    });
    await fc.assert(property, { seed: 3, numRuns: RUNS[build] });
  });
});
