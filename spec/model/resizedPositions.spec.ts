/** Positions for images of another size, by each method: which norms the vectors get, and what stays as it is. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { evaluateOne, hostArray, type HostArray } from "../../src/check/host.ts";
import { tolerances } from "../../src/check/tolerance.ts";
import { referenceEngine } from "../../src/engines/reference/engine.ts";
import { deitConfig, prefixCount, type DeitConfig } from "../../src/model/config.ts";
import { positionMethods, resizedPositions, type PositionMethod } from "../../src/model/resizedPositions.ts";
import { resizeMatrix } from "../../src/ops/positionResize.ts";

const rounding = tolerances.equation.f64.bound;

/** A model with a grid of n × n patches of one pixel. */
const modelOf = (n: number, distilled: boolean): DeitConfig => ({ ...deitConfig("deit-tiny"), imageSize: n, patchSize: 1, distilled });

interface Case {
  readonly n: number;
  readonly m: number;
  readonly distilled: boolean;
  /** [1, P + n², D] */
  readonly pos: HostArray;
}

const D = 3;
/** Values are multiples of 1/GRAINS, so that no square of one underflows. */
const GRAINS = 1024;

const cases: fc.Arbitrary<Case> = fc
  .record({ n: fc.integer({ min: 1, max: 5 }), m: fc.integer({ min: 1, max: 7 }), distilled: fc.boolean() })
  .chain(({ n, m, distilled }) => {
    const rows = prefixCount(modelOf(n, distilled)) + n * n;
    return fc.array(fc.integer({ min: -GRAINS, max: GRAINS }), { minLength: rows * D, maxLength: rows * D }).map((values) => ({
      n,
      m,
      distilled,
      pos: hostArray(
        [1, rows, D],
        Float64Array.from(values, (value) => value / GRAINS),
      ),
    }));
  });

const resized = ({ n, m, distilled, pos }: Case, method: PositionMethod): Promise<HostArray> =>
  evaluateOne(referenceEngine(), (k) =>
    resizedPositions(k, k.upload(pos.shape, pos.data), modelOf(n, distilled), modelOf(m, distilled), method),
  );

/** The norms of the vectors of the grid. */
function normsOf({ data, shape: [, rows = 0] }: HostArray, distilled: boolean): readonly number[] {
  const first = distilled ? 2 : 1;
  return Array.from({ length: rows - first }, (_, i) => Math.hypot(...data.subarray((first + i) * D, (first + i + 1) * D)));
}

/** R ‖X‖ Rᵀ, place by place. */
function interpolatedNorms({ n, m, distilled, pos }: Case, R: Float64Array): readonly number[] {
  const norms = normsOf(pos, distilled);
  return Array.from({ length: m * m }, (_, at) => {
    const [i, j] = [Math.floor(at / m), at % m];
    return norms.reduce((sum, norm, from) => sum + (R[i * n + Math.floor(from / n)] ?? NaN) * (R[j * n + (from % n)] ?? NaN) * norm, 0);
  });
}

/** The largest error of the norms of a method, as the variants ending in -norm promise them; of vectors that have a direction. */
async function normError(test: Case, method: PositionMethod, R: Float64Array): Promise<number> {
  const plain = normsOf(await resized(test, method.startsWith("bicubic") ? "bicubic" : "bilinear"), test.distilled);
  const found = normsOf(await resized(test, method), test.distilled);
  const errors = interpolatedNorms(test, R).map((r, at) => (plain[at] === 0 ? 0 : Math.abs((found[at] ?? NaN) - Math.max(0, r))));
  return Math.max(...errors);
}

/** Vectors at right angles, whose mean is shorter by √2. */
const crossed: Case = { n: 2, m: 3, distilled: false, pos: hostArray([1, 5, D], [9, 9, 9, 1, 0, 0, 0, 1, 0, 0, 1, 0, 1, 0, 0]) };

describe.each([
  ["bicubic-norm", "deit"],
  ["bilinear-norm", "bilinear"],
] as const)("%s", (method, resampling) => {
  it("gives each vector the norm that the weights make of the norms", async () => {
    await fc.assert(
      fc.asyncProperty(cases, async (test) => {
        expect(await normError(test, method, resizeMatrix(test.n, test.m, resampling))).toBeLessThan(rounding);
      }),
    );
  });

  it("does so where the method without -norm shrinks vectors", async () => {
    const R = resizeMatrix(2, 3, resampling);
    expect(await normError(crossed, method, R)).toBeLessThan(rounding);
    expect(await normError(crossed, resampling === "deit" ? "bicubic" : "bilinear", R)).toBeGreaterThan(0.2);
  });

  it("keeps directions", async () => {
    const [found, plain] = [await resized(crossed, method), await resized(crossed, resampling === "deit" ? "bicubic" : "bilinear")];
    for (let row = 1; row < 10; row++) {
      const [a, b] = [found, plain].map(({ data }) => data.subarray(row * D, (row + 1) * D));
      const dot = a?.reduce((sum, x, c) => sum + x * (b?.[c] ?? NaN), 0) ?? NaN;
      expect(dot / (Math.hypot(...(a ?? [])) * Math.hypot(...(b ?? [])))).toBeCloseTo(1, 12);
    }
  });
});

it("bicubic-norm makes a vector 0 where the weights make a negative number of the norms", async () => {
  const pos = hostArray(
    [1, 17, D],
    Array.from({ length: 17 * D }, (_, at) => (at === (1 + 5) * D ? 8 : Math.floor(at / D) > 0 ? 1e-3 : 1)),
  );
  const test: Case = { n: 4, m: 8, distilled: false, pos };
  const wanted = interpolatedNorms(test, resizeMatrix(4, 8, "deit"));
  const found = normsOf(await resized(test, "bicubic-norm"), false);
  expect(Math.min(...wanted)).toBeLessThan(-0.1);
  expect(found.every((norm, at) => (norm === 0) === (wanted[at] ?? NaN) < 0)).toBe(true);
});

it.each(positionMethods)("%s keeps everything for an equal grid, and the vectors of prefix tokens for any, bitwise", async (method) => {
  await fc.assert(
    fc.asyncProperty(cases, async (test) => {
      const prefix = test.distilled ? 2 : 1;
      expect((await resized({ ...test, m: test.n }, method)).data.every((x, at) => x === test.pos.data[at])).toBe(true);
      const other = await resized(test, method);
      expect(other.shape).toEqual([1, prefix + test.m ** 2, D]);
      expect([...other.data.subarray(0, prefix * D)]).toEqual([...test.pos.data.subarray(0, prefix * D)]);
    }),
  );
});

it("bilinear and nearest never increase a norm beyond the largest; bicubic does", async () => {
  const excess = async (test: Case, method: PositionMethod): Promise<number> =>
    Math.max(...normsOf(await resized(test, method), test.distilled)) - Math.max(...normsOf(test.pos, test.distilled));
  await fc.assert(
    fc.asyncProperty(cases, fc.constantFrom<PositionMethod>("bilinear", "bilinear-norm", "nearest"), async (test, method) => {
      expect(await excess(test, method)).toBeLessThan(rounding);
    }),
  );
  const opposite: Case = { n: 2, m: 4, distilled: false, pos: hostArray([1, 5, D], [0, 0, 0, 1, 0, 0, 1, 0, 0, -1, 0, 0, -1, 0, 0]) };
  expect(await excess(opposite, "bicubic")).toBeGreaterThan(0.1);
});

it("nearest copies vectors", async () => {
  const { data } = await resized(crossed, "nearest");
  expect([...data]).toEqual([[9, 9, 9], [1, 0, 0], [1, 0, 0], [0, 1, 0], [1, 0, 0], [1, 0, 0], [0, 1, 0], [0, 1, 0], [0, 1, 0], [1, 0, 0]].flat()); // prettier-ignore
});

it("is bicubic by default", async () => {
  const { n, m, distilled, pos } = crossed;
  const found = await evaluateOne(referenceEngine(), (k) =>
    resizedPositions(k, k.upload(pos.shape, pos.data), modelOf(n, distilled), modelOf(m, distilled)),
  );
  expect(found).toEqual(await resized(crossed, "bicubic"));
});
