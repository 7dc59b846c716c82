/** The matrix R of each method: golden values, and laws for any two sides. Those of `deit` and `timm` are also compared with fixtures (spec/parity). */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { tolerances } from "../../src/check/tolerance.ts";
import { evaluateOne } from "../../src/check/host.ts";
import { referenceEngine } from "../../src/engines/reference/engine.ts";
import { positionResize, resizeMatrix, type Resampling } from "../../src/ops/positionResize.ts";

const METHODS: readonly Resampling[] = ["deit", "timm", "bilinear", "nearest"];
const rounding = tolerances.equation.f64.bound;

/** The rows of R. */
const rowsOf = (n: number, m: number, method: Resampling): readonly (readonly number[])[] => {
  const R = resizeMatrix(n, m, method);
  return Array.from({ length: m }, (_, i) => [...R.subarray(i * n, (i + 1) * n)]);
};

/** A square map of one channel, resized. */
async function resized(map: readonly (readonly number[])[], m: number, resampling: Resampling): Promise<readonly (readonly number[])[]> {
  const n = map.length;
  const { data } = await evaluateOne(referenceEngine(), (k) => {
    const pos = k.upload([1, n * n, 1], map.flat());
    return positionResize.forward(k, { pos }, { from: [n, n], to: [m, m], prefix: 0, resampling }).out;
  });
  return Array.from({ length: m }, (_, i) => [...data.subarray(i * m, (i + 1) * m)]);
}

const side = fc.integer({ min: 1, max: 40 });

describe("R by closed forms", () => {
  it.each([
    [
      "bilinear",
      2,
      4,
      [
        [1, 0],
        [0.75, 0.25],
        [0.25, 0.75],
        [0, 1],
      ],
    ],
    [
      "bilinear",
      4,
      2,
      [
        [0.5, 0.5, 0, 0],
        [0, 0, 0.5, 0.5],
      ],
    ], // no antialiasing: the same two taps for smaller grids
    [
      "bilinear",
      3,
      2,
      [
        [0.75, 0.25, 0],
        [0, 0.25, 0.75],
      ],
    ],
    ["bilinear", 1, 3, [[1], [1], [1]]],
    [
      "nearest",
      2,
      4,
      [
        [1, 0],
        [1, 0],
        [0, 1],
        [0, 1],
      ],
    ],
    [
      "nearest",
      3,
      2,
      [
        [1, 0, 0],
        [0, 1, 0],
      ],
    ], // floor(1·3/2) = 1; the nearest of the centres would be 2
    [
      "nearest",
      5,
      3,
      [
        [1, 0, 0, 0, 0],
        [0, 1, 0, 0, 0],
        [0, 0, 0, 1, 0],
      ],
    ],
  ] as const)("%s, %i → %i", (method, n, m, expected) => {
    // prettier-ignore
    expect(rowsOf(n, m, method)).toEqual(expected);
  });
});

describe("the examples in PyTorch's documentation of torch.nn.Upsample(scale_factor=2)", () => {
  const small = [[1, 2], [3, 4]]; // prettier-ignore

  it("nearest", async () => {
    expect(await resized(small, 4, "nearest")).toEqual([[1, 1, 2, 2], [1, 1, 2, 2], [3, 3, 4, 4], [3, 3, 4, 4]]); // prettier-ignore
  });

  it("bilinear, align_corners=False", async () => {
    expect(await resized(small, 4, "bilinear")).toEqual([
      [1, 1.25, 1.75, 2],
      [1.5, 1.75, 2.25, 2.5],
      [2.5, 2.75, 3.25, 3.5],
      [3, 3.25, 3.75, 4],
    ]);
    expect(
      await resized(
        [
          [1, 2, 0],
          [3, 4, 0],
          [0, 0, 0],
        ],
        6,
        "bilinear",
      ),
    ).toEqual([
      // prettier-ignore
      [1, 1.25, 1.75, 1.5, 0.5, 0],
      [1.5, 1.75, 2.25, 1.875, 0.625, 0],
      [2.5, 2.75, 3.25, 2.625, 0.875, 0],
      [2.25, 2.4375, 2.8125, 2.25, 0.75, 0],
      [0.75, 0.8125, 0.9375, 0.75, 0.25, 0],
      [0, 0, 0, 0, 0, 0],
    ]);
  });
});

describe.each(METHODS)("%s", (method) => {
  it("has rows that sum to 1", () => {
    fc.assert(
      fc.property(side, side, (n, m) => {
        for (const row of rowsOf(n, m, method)) expect(Math.abs(row.reduce((sum, x) => sum + x, 0) - 1)).toBeLessThan(rounding);
      }),
    );
  });

  it("preserves constants", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 8 }), async (n, m) => {
        const map = Array.from({ length: n }, () => Array.from({ length: n }, () => 5));
        for (const value of (await resized(map, m, method)).flat()) expect(Math.abs(value - 5)).toBeLessThan(5 * rounding);
      }),
      { numRuns: 30 },
    );
  });
});

const hasNegative = (method: Resampling): boolean =>
  rowsOf(14, 24, method)
    .flat()
    .some((x) => x < 0);

it("bilinear and nearest are convex: no weight is negative; those of the cubic kernels are not", () => {
  fc.assert(
    fc.property(side, side, fc.constantFrom<Resampling>("bilinear", "nearest"), (n, m, method) => {
      expect(Math.min(...resizeMatrix(n, m, method))).toBeGreaterThanOrEqual(0);
    }),
  );
  expect(METHODS.filter(hasNegative)).toEqual(["deit", "timm"]);
});

it("R is I for equal sides, bitwise but for timm's, whose rows are divided by their sum", () => {
  fc.assert(
    fc.property(side, fc.constantFrom<Resampling>("deit", "bilinear", "nearest"), (n, method) => {
      expect(
        rowsOf(n, n, method)
          .flat()
          .every((x, at) => x === (at % (n + 1) === 0 ? 1 : 0)),
      ).toBe(true);
    }),
  );
});
